import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cutParameters, findCut, gear } from "../src/image/chunker/cut.ts";
import { ByteWriter } from "../src/image/format/byte-writer.ts";
import { encodeManifest } from "../src/image/format/manifest-object.ts";
import { encodePack } from "../src/image/format/pack.ts";
import { writeBody } from "../src/image/format/record.ts";
import { sealObject } from "../src/image/format/sealed-object.ts";
import { SegmentWriter } from "../src/image/format/segment.ts";
import { encodeTopTable } from "../src/image/format/top-table.ts";
import {
  cutStream,
  encodeBlocks,
  entries,
  manifest,
  packSalt,
  recordFiles,
  sealed,
  segments,
} from "../test/golden/samples.ts";

/**
 * Writes the golden files of `docs/format/image.md` that are not there yet. One that is there is never written again: what a
 * released rehome wrote must stay readable, so a change of the format adds files.
 */
const folder = join(import.meta.dirname, "../test/golden");

function write(name: string, bytes: Uint8Array | string): void {
  const path = join(folder, name);
  if (existsSync(path)) return;
  writeFileSync(path, bytes);
  process.stdout.write(`${name}\n`);
}

const segment = new SegmentWriter();
for (const [at, entry] of entries.entries()) {
  const body = new ByteWriter();
  writeBody(body, entry);
  write(recordFiles[at] ?? "", body.take());
  writeBody(body, entry);
  segment.add(entry.path, body.take());
}
write("segment.bin", segment.end()?.bytes ?? "");
write("top-table.bin", encodeTopTable(segments));
write("pack.bin", Buffer.concat(encodePack(encodeBlocks(), packSalt).parts));
for (const { kind, value } of sealed) write(`sealed-${kind}.txt`, sealObject(kind, value));
write("manifest.zst", encodeManifest(manifest).bytes);
write("gear.bin", Buffer.from(gear.buffer, gear.byteOffset, gear.byteLength));

const stream = cutStream();
const cuts: number[] = [];
for (let at = 0; at < stream.length; at = cuts.at(-1) ?? stream.length)
  cuts.push(findCut(stream, at, Math.min(stream.length, at + cutParameters.maxBytes)));
write("cut-points.json", `${JSON.stringify(cuts)}\n`);
