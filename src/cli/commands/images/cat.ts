import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { readFileOf } from "../../../library/images/images.ts";
import type { CommandContext } from "../../command-context.ts";
import type { CatCall } from "../../definition/index.ts";

/** `rehome cat`. */
export async function runCat(call: CatCall, { store, output }: CommandContext): Promise<ExitStatus> {
  for (const path of call.path) for await (const bytes of readFileOf(call.image, path, store)) output.bytes(bytes);
  return exitStatus.done;
}
