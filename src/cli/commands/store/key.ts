import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import type { StoreKey } from "../../../image/encryption/store-keys.ts";
import { addKey, listKeys, removeKey } from "../../../library/store/store-keys.ts";
import type { CommandContext } from "../../command-context.ts";
import type { StoreKeyCall } from "../../definition/index.ts";
import { formatTable, type Column } from "../../render/table.ts";
import { formatIsoTime } from "../../render/time.ts";

/** `rehome store key`. */
export async function runStoreKey(call: StoreKeyCall, { common, store, output }: CommandContext): Promise<ExitStatus> {
  const { action, id, newKeyFile, label } = call;
  if ((action === "remove") !== (id !== undefined))
    throw new UsageError(
      `cannot ${action} a key: ${id === undefined ? "none is named" : `"${id}" is one word too many`}`,
      "`rehome store key list` shows the keys; only `remove` takes one.",
    );
  if (id !== undefined) {
    await removeKey(id, store);
    if (common.json) output.document({ removed: id });
    else output.line(`removed key ${id}`);
  } else if (action === "add") {
    const options = { ...(newKeyFile !== undefined && { newKeyFile }), ...(label !== undefined && { label }) };
    const key = await addKey({ ...store, ...options });
    if (common.json) output.document({ added: key });
    else output.line(`added key ${key.id}`);
  } else {
    const keys = await listKeys(store);
    if (common.json) output.document({ keys });
    else output.lines(formatTable(columns, keys, output.width));
  }
  return exitStatus.done;
}

const columns: readonly Column<StoreKey>[] = [
  { title: "KEY", cell: ({ id }) => id },
  { title: "KIND", cell: ({ kind }) => kind },
  { title: "ADDED", cell: ({ createdAt }) => formatIsoTime(createdAt) },
  { title: "LABEL", cell: ({ label }) => label, cuttable: true },
];
