import { readdirSync } from "node:fs";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { StoreUnsuitableError } from "../../../image/errors.ts";
import { initStore } from "../../../library/store/store-care.ts";
import { openBlobs, storePath } from "../../../library/store/store.ts";
import type { CommandContext } from "../../command-context.ts";
import type { StoreInitCall } from "../../definition/index.ts";

/** `rehome store init`. */
export async function runStoreInit(
  call: StoreInitCall,
  { common, store: named, output }: CommandContext,
): Promise<ExitStatus> {
  const store = call.path === undefined ? named : { ...named, store: call.path };
  const location = storePath(store);
  const isThere = await existsStore(store);
  if (call.dryRun) {
    if (!isThere) assertEmpty(location);
    if (common.json) output.document({ location, created: !isThere, dryRun: true });
    else output.line(isThere ? `${location} is a store already` : `would make a store in ${location}`);
    return exitStatus.done;
  }
  const { id, formatVersion, createdAt } = await initStore({ ...store, encrypt: call.encrypt && !isThere });
  if (common.json) output.document({ location, id, formatVersion, createdAt, created: !isThere, dryRun: false });
  else output.line(isThere ? `${location} is a store already, id ${id}` : `made a store in ${location}, id ${id}`);
  return exitStatus.done;
}

async function existsStore(store: CommandContext["store"]): Promise<boolean> {
  return (await openBlobs(store).get("store.json")) !== undefined;
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
