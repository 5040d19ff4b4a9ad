import { homedir } from "node:os";
import { resolve } from "node:path";

/** Where rehome keeps things on this host. All absolute. */
export interface Paths {
  /** State and caches of this host. */
  readonly stateDirectory: string;
  /** The store that is used when none is named. */
  readonly store: string;
  readonly machinesDirectory: string;
  readonly nspawnDirectory: string;
  readonly hooksDirectory: string;
}

/** Variables that choose {@link Paths}; each beats the default. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Chooses paths: variables, else the system's places for root, else XDG directories. */
export function choosePaths(environment: Environment = process.env, isRoot: boolean = process.getuid?.() === 0): Paths {
  const home = environment["HOME"] ?? homedir();
  const userState = `${environment["XDG_STATE_HOME"] ?? `${home}/.local/state`}/rehome`;
  const stateDirectory = resolve(environment["REHOME_STATE_DIR"] ?? (isRoot ? "/var/lib/rehome" : userState));
  return {
    stateDirectory,
    store: resolve((environment["REHOME_STORE"] ?? `${stateDirectory}/store`).replace(/^file:\/\//, "")),
    machinesDirectory: resolve(environment["REHOME_MACHINES_DIR"] ?? "/var/lib/machines"),
    nspawnDirectory: resolve(environment["REHOME_NSPAWN_DIR"] ?? "/etc/systemd/nspawn"),
    hooksDirectory: resolve(environment["REHOME_HOOKS_DIR"] ?? "/etc/rehome/hooks.d"),
  };
}
