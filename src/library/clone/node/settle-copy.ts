import { lstatSync } from "node:fs";
import { join } from "node:path";
import { RehomeError } from "../../../core/errors.ts";
import type { NewHome } from "../../../system/prepare/operation.ts";
import type { Settlement } from "../../../journeys/clone/golden/golden-parts.ts";
import type { Paths } from "../../settings/settings.ts";
import { prepare } from "../../prepare/prepare.ts";
import { runOnNode } from "./run-on-node.ts";

/** What a node does once the golden node lets it go. */
export type CloneThen =
  | { readonly kind: "stay" }
  | { readonly kind: "reboot" }
  /** A line for the shell; `REHOME_TARGET` names the copy. */
  | { readonly kind: "command"; readonly line: string };

/** The copy is right, but could not be made a system of its own. */
export class CopyNotPreparedError extends RehomeError {
  override readonly name = "CopyNotPreparedError";
  readonly code = "COPY_NOT_PREPARED";
  readonly directory: string;

  constructor(directory: string, cause: Error) {
    super(
      `cannot prepare the copy in "${directory}", which is verified: ${cause.message}`,
      "Mend what it names and join again, or serve with --identity none and prepare by hand.",
      { cause },
    );
    this.directory = directory;
  }
}

/** Who settles a copy, and where it lives from now on. */
export interface Settling {
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly paths: Paths | undefined;
  /** What was made for it; undefined for what is mounted at it, if anything is. */
  readonly newHome?: NewHome;
}

/** Makes a verified copy a system of its own, as the golden node wants it. @throws {CopyNotPreparedError} */
export async function settleCopy(
  root: string,
  { identity, hostname, modules }: Settlement,
  { log, signal, paths, newHome }: Settling,
): Promise<void> {
  if (identity !== "reset" && identity !== "keep") return;
  if (lstatSync(join(root, "etc"), { throwIfNoEntry: false })?.isDirectory() !== true) {
    log("nothing to prepare: the image holds no system");
    return;
  }
  log(`preparing, identity ${identity}${hostname === "" ? "" : `, as ${hostname}`}`);
  try {
    const { operations } = await prepare(root, {
      ...(paths && { paths }),
      ...(signal && { signal }),
      ...(hostname !== "" && { hostname }),
      ...(newHome && { newHome }),
      identity,
      bootModules: modules.split(" ").filter((name) => name !== ""),
    });
    for (const { name, done, warnings } of operations) {
      if (done.length > 0) log(`prepared: ${name}`);
      for (const warning of warnings) log(`warning: ${name}: ${warning}`);
    }
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new CopyNotPreparedError(root, error as Error);
  }
}

/** Who has something done at the end. */
export interface DoingThen {
  readonly log: (line: string) => void;
  /** Aborted to end a command; what a reboot brings along does not keep it from being ordered. */
  readonly signal: AbortSignal | undefined;
}

/** Does what comes after everything, and says how it went. @returns The exit status of a command. @throws {InterruptedError} */
export async function doThen(then: CloneThen, directory: string, { log, signal }: DoingThen): Promise<number> {
  if (then.kind === "stay") return 0;
  log(then.kind === "reboot" ? "rebooting" : `then: ${then.line}`);
  const argv = then.kind === "reboot" ? ["systemctl", "reboot"] : ["/bin/sh", "-c", then.line];
  const ending = then.kind === "command" ? signal : undefined;
  const exitStatus = await runOnNode(argv, log, { env: { REHOME_TARGET: directory }, signal: ending });
  log(`then: ended with status ${exitStatus}`);
  return exitStatus;
}
