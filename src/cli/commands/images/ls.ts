import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { displayBytes, type ByteString, type TreePath } from "../../../core/tree/byte-string.ts";
import { formatFlags, type Entry } from "../../../core/tree/entry.ts";
import { baseName } from "../../../core/tree/walk-order.ts";
import { listMtree } from "../../../library/images/exchange.ts";
import { listEntries, parseTreePath } from "../../../library/images/images.ts";
import type { CommandContext } from "../../command-context.ts";
import type { LsCall } from "../../definition/index.ts";
import { formatLsLine } from "../../render/ls-line.ts";

/** `rehome ls`. */
export async function runLs(call: LsCall, { common, store, output }: CommandContext): Promise<ExitStatus> {
  if (call.format === "mtree") {
    for await (const line of listMtree(call.image, call.path ?? "", store)) output.line(line);
    return exitStatus.done;
  }
  const path = parseTreePath(call.path ?? "");
  const { recursive } = call;
  const entries = chooseEntries(listEntries(call.image, call.path ?? "", { ...store, recursive }), path, recursive);
  if (common.json) {
    const documents = mapEntries(entries);
    await output.listDocument({ image: call.image, path: displayBytes(path) }, "entries", documents, () => ({}));
    return exitStatus.done;
  }
  for await (const entry of entries) {
    const name = nameOf(entry, path, recursive);
    output.line(call.long ? formatLsLine(entry, name) : displayBytes(name));
  }
  return exitStatus.done;
}

/** Leaves out the directory at `path` itself, unless everything below it is listed as well. */
async function* chooseEntries(
  entries: AsyncIterable<Entry>,
  path: TreePath,
  recursive: boolean,
): AsyncGenerator<Entry, void, undefined> {
  for await (const entry of entries) {
    if (recursive || entry.path !== path || entry.kind !== "directory") yield entry;
  }
}

function nameOf({ path }: Entry, top: TreePath, recursive: boolean): ByteString {
  if (recursive || path === top) return path === "" ? ("." as ByteString) : path;
  return baseName(path);
}

async function* mapEntries(entries: AsyncIterable<Entry>): AsyncGenerator<object, void, undefined> {
  for await (const entry of entries) yield entryDocument(entry);
}

function entryDocument(entry: Entry): object {
  const { path, kind, mode, uid, gid, mtimeSec, mtimeNsec, flags, xattrs } = entry;
  if (entry.kind === "link") return { path: displayBytes(path), kind, target: displayBytes(entry.target) };
  return {
    path: displayBytes(path),
    kind,
    mode,
    uid,
    gid,
    mtimeSec,
    mtimeNsec,
    ...(entry.kind === "file" && { sizeBytes: entry.sizeBytes }),
    ...(entry.kind === "symlink" && { target: displayBytes(entry.target) }),
    ...((entry.kind === "character-device" || entry.kind === "block-device") && {
      major: entry.major,
      minor: entry.minor,
    }),
    ...(flags !== 0 && { flags: formatFlags(flags) }),
    ...(xattrs.length > 0 && {
      xattrs: xattrs.map(({ name, value }) => ({
        name: displayBytes(name),
        base64: Buffer.from(value).toString("base64"),
      })),
    }),
  };
}
