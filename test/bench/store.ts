/**
 * Measures what encryption costs a capture, and how much memory pruning a big store takes: `npm run bench:store [-- capture|prune [PAIRS]]`.
 * Needs root, a built program, and 3 GB of memory for trees and stores. Captures run in pairs, the first of each in turn.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import type { TreePath } from "../../src/core/tree/byte-string.ts";
import type { ChunkId, Entry } from "../../src/core/tree/entry.ts";
import { processProbe } from "../../src/host/process-probe.ts";
import { directoryBlobStore } from "../../src/image/blob-store/directory-blob-store.ts";
import { ByteWriter } from "../../src/image/format/byte-writer.ts";
import { encodeManifest } from "../../src/image/format/manifest-object.ts";
import { encodePack } from "../../src/image/format/pack.ts";
import { writeBody } from "../../src/image/format/record.ts";
import { putNextName } from "../../src/image/store/image-names.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { PackWriter } from "../../src/image/store/pack-writer.ts";
import { TreeIndexWriter } from "../../src/image/tree-index/tree-index-writer.ts";
import { handMadeManifest, plainMetadata } from "../support/hand-made-image.ts";
import { measure, median, run, type Sample } from "./measure.ts";
import { freshPlace } from "./place.ts";
import { makeTree, removeTree, warmTree } from "./tree.ts";

const launcher = fileURLToPath(new URL("../../bin/rehome", import.meta.url));
const work =
  process.env["REHOME_BENCH_WORK"] ?? fileURLToPath(new URL("../../.test-cache/bench-store", import.meta.url));
const [only, pairsText = "5"] = process.argv.slice(2);
const pairs = Number(pairsText);
const packCount = 2000;
const blocksPerPack = 16;
const chunksPerBlock = 64;
const chunkBytes = 32;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

mkdirSync(work, { recursive: true });
say(`${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)} at the start`);
if (only !== "prune") measureEncryption();
if (only !== "capture") await measurePrune();
rmSync(work, { recursive: true, force: true });

/** Captures a Debian tree into a new store, plain and encrypted. */
function measureEncryption(): void {
  const tree = `${work}/tree`;
  makeTree(tree, process.env["REHOME_BENCH_TREE"]);
  warmTree(tree);
  writeFileSync(`${work}/key`, randomBytes(32));
  const captureInto = (encrypt: boolean): Sample => {
    using place = freshPlace("tmpfs", work);
    const store = `${place.path}/repo/r`;
    const environment = { REHOME_STATE_DIR: `${place.path}/state`, REHOME_KEY_FILE: `${work}/key` };
    run(`${launcher} store init ${store}${encrypt ? " --encrypt" : ""} -q`, environment);
    return measure(`exec ${launcher} capture ${tree} --name bench --store ${store} -q`, environment, `${work}/time`);
  };
  const samples = Array.from({ length: pairs }, (_, at) => {
    const first = captureInto(at % 2 === 1);
    const second = captureInto(at % 2 === 0);
    return at % 2 === 1 ? { plain: second, sealed: first } : { plain: first, sealed: second };
  });
  for (const figure of ["cpuMs", "wallMs"] as const) {
    const ratios = samples.map(({ plain, sealed }) => sealed[figure] / plain[figure]);
    const [plain, sealed] = (["plain", "sealed"] as const).map((kind) =>
      median(samples.map((each) => each[kind][figure])),
    );
    say(
      `capture, ${figure === "cpuMs" ? "processor time" : "elapsed"}: plain ${seconds(plain ?? 0)}, encrypted ${seconds(sealed ?? 0)}, ratio ${median(ratios).toFixed(3)} (${ratios.map((ratio) => ratio.toFixed(2)).join(" ")})`,
    );
  }
  removeTree(tree);
}

/**
 * Prunes a store with two million chunks in 2,000 packs. Of the first half of the packs an image needs one block in three, so that they
 * are written anew; of the third quarter all, of the last nothing.
 */
async function measurePrune(): Promise<void> {
  using place = freshPlace("tmpfs", work);
  const location = `${place.path}/repo/r`;
  const blobs = directoryBlobStore(location);
  using store = await ImageStore.openOrCreate({ blobs, probe: processProbe, cacheDirectory: `${place.path}/building` });
  const contentOf = (block: number): Buffer[] =>
    Array.from({ length: chunksPerBlock }, (_, at) => Buffer.alloc(chunkBytes, `${block} ${at} `));
  const hash = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
  for (let pack = 0; pack < packCount; pack++) {
    const blocks = Array.from({ length: blocksPerPack }, (_, at) => {
      const chunks = contentOf(pack * blocksPerPack + at);
      const stored = Buffer.concat(chunks);
      const chunkIds = Buffer.concat(chunks.map(hash));
      const chunkLengths = Uint32Array.from(chunks, ({ length }) => length);
      return { id: hash(stored), codec: 0 as const, stored, plainBytes: stored.length, chunkIds, chunkLengths };
    });
    const { id, parts } = encodePack(blocks);
    await blobs.put(`packs/${id.slice(0, 2)}/${id}`, parts);
  }
  await putImage("all", () => true);
  await putImage("some", (block) => {
    const pack = Math.floor(block / blocksPerPack);
    return pack < packCount / 2 ? block % 3 === 0 : pack < (packCount * 3) / 4;
  });
  const environment = { REHOME_STATE_DIR: `${place.path}/state`, REHOME_STORE: location };
  const prune = `exec ${launcher} store prune -q --json`;
  report("nothing to remove, without an index at first", measure(prune, environment, `${work}/time`));
  run(`${launcher} rm all:1 -q`, environment);
  report("a quarter of the packs removed, half of them written anew", measure(prune, environment, `${work}/time`));
  say(run(`${launcher} store stats`, environment).replaceAll("\n", "; "));

  function report(what: string, { peakBytes, cpuMs, wallMs }: Sample): void {
    const chunks = packCount * blocksPerPack * chunksPerBlock;
    say(
      `prune of ${chunks} chunks, ${what}: ${(peakBytes / 1e6).toFixed(0)} MB at the peak, ${seconds(cpuMs)} of processor time, ${seconds(wallMs)} elapsed`,
    );
  }

  /** An image with a file for each chunk of the blocks that are chosen. */
  async function putImage(name: string, takes: (block: number) => boolean): Promise<void> {
    await store.refresh();
    const packs = new PackWriter(store.blobs, store.index);
    const index = new TreeIndexWriter(packs, store.index);
    const out = new ByteWriter();
    const add = async (entry: Entry): Promise<void> => {
      out.reset();
      writeBody(out, entry);
      await index.add(entry.path, out.take());
    };
    const root: Entry = { ...plainMetadata, kind: "directory", path: "" as TreePath };
    await add(root);
    for (let block = 0; block < packCount * blocksPerPack; block++) {
      if (!takes(block)) continue;
      for (const [at, chunk] of contentOf(block).entries()) {
        const piece = { kind: "chunk", id: hash(chunk).toString("hex") as ChunkId, lengthBytes: chunkBytes } as const;
        const path = `${String(block).padStart(6, "0")}-${String(at).padStart(2, "0")}` as TreePath;
        await add({ ...plainMetadata, kind: "file", path, sizeBytes: chunkBytes, pieces: [piece] });
      }
    }
    const tree = await index.end();
    await packs.flush();
    const { id, bytes } = encodeManifest(handMadeManifest(name, tree, [root]));
    await store.blobs.put(`images/${id}`, [bytes]);
    const counts = { entries: 1, files: 0, bytes: 0, newBytes: 0, storedBytes: 0 };
    const capturedAt = new Date(0).toISOString();
    await putNextName(store.blobs, { image: id, name, kind: "directory", capturedAt, consistency: "fuzzy", ...counts });
  }
}
