import { createPublicKey } from "node:crypto";
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
import { FrameKeys, sealFrame } from "../src/journeys/clone/wire/frame-seal.ts";
import { encodeIndexPart } from "../src/journeys/clone/wire/index-part.ts";
import { encodeMessage } from "../src/journeys/clone/wire/messages.ts";
import { indexSubject, signSubject } from "../src/journeys/clone/wire/signed.ts";
import { rawPublicKey } from "../src/image/signatures/ed25519.ts";
import { fingerprintOf, formatToken } from "../src/journeys/clone/wire/token.ts";
import * as chain from "../test/golden/chain/samples.ts";
import { cutStream, encodeBlocks, entries, packSalt, recordFiles, sealed, segments } from "../test/golden/samples.ts";
import { manifest, manifestWithSecrets, manifestWithStreams } from "../test/golden/manifests.ts";

/**
 * Writes the golden files of `docs/format/image.md` and `docs/protocol/chain.md` that are not there yet. One that is there is never written again: what a
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
write("manifest-secrets.zst", encodeManifest(manifestWithSecrets).bytes);
write("manifest-streams.zst", encodeManifest(manifestWithStreams).bytes);
write("gear.bin", Buffer.from(gear.buffer, gear.byteOffset, gear.byteLength));

const stream = cutStream();
const cuts: number[] = [];
for (let at = 0; at < stream.length; at = cuts.at(-1) ?? stream.length)
  cuts.push(findCut(stream, at, Math.min(stream.length, at + cutParameters.maxBytes)));
write("cut-points.json", `${JSON.stringify(cuts)}\n`);

for (const message of chain.messages) write(`chain/message-${message.kind}.bin`, encodeMessage(message));
const chainKeys = new FrameKeys(chain.sessionId, chain.sessionKey);
write("chain/frame.bin", sealFrame(chainKeys, chain.frameHeader, chain.framePlain));
const indexPart = encodeIndexPart(chain.indexItems);
const signature = signSubject(indexSubject(chain.sessionId, 1, indexPart), chain.goldenKey);
write("chain/index-part.bin", Buffer.concat([signature, indexPart]));
const fingerprint = fingerprintOf(rawPublicKey(createPublicKey(chain.goldenKey)));
write("chain/token.txt", `${formatToken({ fingerprint, secret: chain.tokenSecret })}\n`);
