import { randomBytes } from "node:crypto";
import { crashPoint } from "../../core/crash-points.ts";
import { sealObject } from "../format/sealed-object.ts";
import type { ImageStore } from "../store/image-store.ts";
import { PackWriter } from "../store/pack-writer.ts";
import { Session } from "../store/session.ts";
import type { CheckedPack } from "./check-pack.ts";
import { rescueNames } from "./rescue-names.ts";
import { checkStore, type CheckResult, type CheckSettings } from "./check.ts";
import { encodedBlock } from "./needed-blocks.ts";

/** What a repair did. `after` is a check of the store as it is now. */
export interface RepairResult {
  readonly before: CheckResult;
  readonly after: CheckResult;
  /** What was done, for people. */
  readonly actions: readonly string[];
}

/**
 * Brings a store back to where everything in it is intact: blocks of damaged packs that are whole are written anew, the damaged packs
 * and objects are removed, and `lost/` says that something went, so that the next capture of a live source looks at every file
 * and stores again what is missing. Images that need it are whole again then.
 *
 * @throws {FormatUnknownError} If an object is of a later version of the format; nothing is changed then.
 */
export async function repairStore(store: ImageStore, settings: CheckSettings): Promise<RepairResult> {
  await using session = await Session.begin(store.blobs, store.probe, "repair", []);
  const before = await checkStore(store, settings);
  if (before.unknownFormat) throw before.unknownFormat;
  const actions: string[] = [];
  const packs = before.damagedPacks;
  for (const { object } of before.damages) {
    if (!/^(?:sessions|condemned|lost|images|signatures)\//.test(object) || packs.some(({ key }) => key === object))
      continue;
    await store.blobs.delete(object);
    actions.push(`removed ${object}, which cannot be read`);
  }
  const damagedNames = before.damages.map(({ object }) => object).filter((object) => object.startsWith("names/"));
  actions.push(...(await rescueNames(store, session, damagedNames)));
  if (packs.length > 0 || before.damages.some(({ object }) => object.startsWith("chunk "))) {
    const id = randomBytes(16).toString("hex");
    const lost = { id, foundAt: new Date().toISOString(), packs: packs.map(({ pack }) => pack) };
    await store.blobs.put(`lost/${id}`, [sealObject("lost", lost)]);
    crashPoint("repair.loss-noted");
    await store.refresh(settings.signal);
    for (const pack of packs) {
      const saved = await saveIntact(store, pack);
      crashPoint("repair.saved");
      await store.blobs.delete(pack.key);
      store.index.removePacks([pack.pack]);
      actions.push(`removed ${pack.key}; ${saved} of its blocks are intact and were kept`);
    }
  }
  for (const name of await namesWithoutImage(store, before)) {
    await store.blobs.delete(name);
    actions.push(`removed ${name}, whose image is gone`);
  }
  await store.refresh(settings.signal);
  const after = await checkStore(store, settings);
  if (after.damages.length === 0) {
    const losses: string[] = [];
    for await (const { key } of store.blobs.list("lost/")) losses.push(key);
    for (const key of losses) await store.blobs.delete(key);
    if (losses.length > 0) actions.push("nothing is missing any more");
  }
  return { before, after, actions };
}

/** Writes the intact blocks of a damaged pack into a new one; durable on return. */
async function saveIntact(store: ImageStore, pack: CheckedPack): Promise<number> {
  const writer = new PackWriter(store.blobs, store.index);
  for (const block of pack.intactBlocks) {
    const stored = await store.blobs.get(pack.key, { offset: block.offset, lengthBytes: block.storedBytes });
    if (stored === undefined) continue;
    await writer.add(encodedBlock(block, stored));
  }
  await writer.flush();
  return pack.intactBlocks.length;
}

async function namesWithoutImage(store: ImageStore, before: CheckResult): Promise<string[]> {
  const gone = new Set(
    before.damages.filter(({ object }) => object.startsWith("images/")).flatMap(({ images }) => images),
  );
  const keys: string[] = [];
  for await (const { key } of store.blobs.list("names/"))
    if (gone.has(key.slice("names/".length).replace("/", ":"))) keys.push(key);
  return keys;
}
