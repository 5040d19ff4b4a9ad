import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { readFileOf } from "../../../library/images/images.ts";
import { readStreamOf } from "../../../library/images/streams.ts";
import type { CommandContext } from "../../command-context.ts";
import type { CatCall } from "../../definition/index.ts";

/** `rehome cat`. */
export async function runCat(call: CatCall, { store, output }: CommandContext): Promise<ExitStatus> {
  if ((call.path.length === 0) === (call.raw === undefined))
    throw new UsageError("cannot tell what to write: a PATH or --raw NAME is needed", "Give one of them.");
  if (call.raw !== undefined) for await (const bytes of readStreamOf(call.image, call.raw, store)) output.bytes(bytes);
  for (const path of call.path) for await (const bytes of readFileOf(call.image, path, store)) output.bytes(bytes);
  return exitStatus.done;
}
