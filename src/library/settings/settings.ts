import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { readConfiguration } from "./configuration.ts";

/** Where rehome keeps things on this host. All absolute. */
export interface Paths {
  /** State and caches of this host. */
  readonly stateDirectory: string;
  /** The store that is used when none is named. */
  readonly store: string;
  readonly machinesDirectory: string;
  readonly nspawnDirectory: string;
  readonly hooksDirectory: string;
  /** Rules of validation (YAML). */
  readonly rulesFile: string;
  /** Executables that run last when a tree is prepared. */
  readonly prepareDirectory: string;
  /** The file that opens encrypted stores, where one is named. */
  readonly keyFile?: string;
  /** The file that lists the public keys of which one must have signed an image that is used; without it none needs to. */
  readonly trustedSigners?: string;
}

/** The same paths for images that this host made for itself, which nobody signs. */
export function trustingAnybody({ trustedSigners: _trustedSigners, ...paths }: Paths): Paths {
  return paths;
}

/** Variables that choose {@link Paths} and other settings. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Chooses paths: a variable beats the configuration file (`REHOME_CONFIG`), which beats the system's places for root and XDG directories
 * for everyone else.
 *
 * @throws {UsageError} If the configuration file cannot be used.
 */
export function choosePaths(environment: Environment = process.env, isRoot: boolean = process.getuid?.() === 0): Paths {
  const configuration = readConfiguration(environment["REHOME_CONFIG"]);
  const home = environment["HOME"] ?? homedir();
  const userState = `${environment["XDG_STATE_HOME"] ?? `${home}/.local/state`}/rehome`;
  const stateDirectory = resolve(
    environment["REHOME_STATE_DIR"] ?? configuration["state-dir"] ?? (isRoot ? "/var/lib/rehome" : userState),
  );
  const keyFile = environment["REHOME_KEY_FILE"] ?? configuration["key-file"] ?? credentialOf(environment);
  const trustedSigners = environment["REHOME_TRUSTED_SIGNERS"] ?? configuration["trusted-signers"];
  const store = environment["REHOME_STORE"] ?? configuration.store ?? `${stateDirectory}/store`;
  return {
    stateDirectory,
    store: resolve(store.replace(/^file:\/\//, "")),
    machinesDirectory: resolve(
      environment["REHOME_MACHINES_DIR"] ?? configuration["machines-dir"] ?? "/var/lib/machines",
    ),
    nspawnDirectory: resolve(environment["REHOME_NSPAWN_DIR"] ?? configuration["nspawn-dir"] ?? "/etc/systemd/nspawn"),
    hooksDirectory: resolve(environment["REHOME_HOOKS_DIR"] ?? configuration["hooks-dir"] ?? "/etc/rehome/hooks.d"),
    rulesFile: resolve(environment["REHOME_RULES"] ?? configuration.rules ?? "/etc/rehome/validate.yaml"),
    prepareDirectory: resolve(
      environment["REHOME_PREPARE_DIR"] ?? configuration["prepare-dir"] ?? "/etc/rehome/prepare.d",
    ),
    ...(keyFile !== undefined && { keyFile: resolve(keyFile) }),
    ...(trustedSigners !== undefined && { trustedSigners: resolve(trustedSigners) }),
  };
}

const defaultKeepJobsDays = 30;

/** How many days jobs are kept after they have ended. @throws {UsageError} If what was chosen is no number of days. */
export function chooseKeepJobsDays(environment: Environment = process.env): number {
  const text = environment["REHOME_KEEP_JOBS_DAYS"];
  if (text === undefined)
    return readConfiguration(environment["REHOME_CONFIG"])["keep-jobs-days"] ?? defaultKeepJobsDays;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new UsageError(`cannot keep jobs for "${text}" days`, "Give a whole number in REHOME_KEEP_JOBS_DAYS.");
}

/** What systemd hands a service with `LoadCredential=rehome.key:…` (systemd.exec(5)). */
function credentialOf(environment: Environment): string | undefined {
  const directory = environment["CREDENTIALS_DIRECTORY"];
  const path = `${directory}/rehome.key`;
  return directory !== undefined && existsSync(path) ? path : undefined;
}
