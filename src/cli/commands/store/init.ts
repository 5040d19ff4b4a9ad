import { readdirSync } from "node:fs";
import { RehomeError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { StoreUnsuitableError } from "../../../image/errors.ts";
import { initStore } from "../../../library/store-care.ts";
import { openStore, storePath } from "../../../library/store.ts";
import type { CommandContext } from "../../command-context.ts";
import type { StoreInitCall } from "../../definition/index.ts";

/** `rehome store init`. */
export async function runStoreInit(
  call: StoreInitCall,
  { common, store, output }: CommandContext,
): Promise<ExitStatus> {
  const location = storePath(store);
  const isThere = await existsStore(store);
  if (call.dryRun) {
    if (!isThere) assertEmpty(location);
    if (common.json) output.document({ location, created: !isThere, dryRun: true });
    else output.line(isThere ? `${location} is a store already` : `would make a store in ${location}`);
    return exitStatus.done;
  }
  const { id, formatVersion, createdAt } = await initStore(store);
  if (common.json) output.document({ location, id, formatVersion, createdAt, created: !isThere, dryRun: false });
  else output.line(isThere ? `${location} is a store already, id ${id}` : `made a store in ${location}, id ${id}`);
  return exitStatus.done;
}

async function existsStore(store: CommandContext["store"]): Promise<boolean> {
  try {
    using _store = await openStore(store);
    return true;
  } catch (error) {
    if (error instanceof RehomeError && error.code === "STORE_NOT_FOUND") return false;
    throw error;
  }
}

function assertEmpty(location: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(location);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const strange = names.find((name) => name !== "sessions");
  if (strange !== undefined) throw new StoreUnsuitableError(location, `it holds "${strange}" and no store.json`);
}
