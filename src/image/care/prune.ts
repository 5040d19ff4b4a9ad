import { crashPoint } from "../../core/crash-points.ts";
import type { OnProgress } from "../../core/progress.ts";
import type { PackId } from "../format/pack.ts";
import { condemn, readCondemnations, settleCondemnation, type Condemnation } from "../store/condemnation.ts";
import { listImageNames, type ImageId } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { findSessions, Session, sessionGraceMs, type FoundSession } from "../store/session.ts";
import { choosePacks } from "./choose-packs.ts";
import { measurePackUse, Reachability } from "./reachability.ts";
import { rewritePacks } from "./rewrite-packs.ts";
import { sweep, type Tally } from "./sweep.ts";

/** How to prune. */
export interface PruneSettings {
  /** Only says what would be done. */
  readonly dryRun: boolean;
  /** A pack of which less than this share (0 to 1) is needed is written anew. */
  readonly minNeededShare: number;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

/** What a prune did, or would do. */
export interface PruneResult {
  readonly removedPacks: number;
  readonly rewrittenPacks: number;
  readonly removedImages: number;
  /** What went, less what was written anew. */
  readonly freedBytes: number;
  /** What is condemned and goes once others have ended. */
  readonly waitingPacks: number;
  readonly waitingBytes: number;
  /** What is waited for: the purposes of live sessions. */
  readonly waitsFor: readonly string[];
  readonly removedSessions: number;
  readonly removedLeftovers: number;
}

/**
 * Removes what no image needs (`docs/format/image.md` section 3.3): condemns first, then sweeps what every session from
 * before has left. Captures may run meanwhile. Killed anywhere, the next prune goes on.
 *
 * @throws {ObjectMissingError} @throws {ObjectDamagedError} If an image is damaged: nothing is removed then, since nobody can tell what it needs.
 */
export async function prune(store: ImageStore, settings: PruneSettings): Promise<PruneResult> {
  await using session = await Session.begin(store.blobs, store.probe, "prune", []);
  crashPoint("prune.session-begun");
  const condemnations = await readCondemnations(store.blobs);
  const before = await liveSessions(store, session.id);
  const marks = new Reachability(store);
  const roots = await markRoots(store, marks, session.id, settings);
  const plan = choosePacks(measurePackUse(store, marks), condemnations, settings.minNeededShare);
  const garbageImages = await findGarbageImages(store, roots, condemnations);
  const removedSessions = settings.dryRun ? 0 : await removeLapsedSessions(store);
  const tally: Tally = { removedPacks: 0, removedImages: 0, removedBytes: 0 };
  if (settings.dryRun) {
    const sizes = store.index.packs();
    const freed =
      plan.unneeded.reduce((sum, { pack }) => sum + (sizes.get(pack as PackId)?.sizeBytes ?? 0), 0) +
      plan.rewritten.reduce((sum, use) => sum + use.storedBytes - use.neededBytes, 0);
    return result(tally, {
      freedBytes: freed,
      removedPacks: plan.unneeded.length,
      rewrittenPacks: plan.rewritten.length,
      removedImages: garbageImages.length,
      waits: [],
      before,
    });
  }

  const waiting: Condemnation[] = [];
  for (const record of condemnations) {
    const settled =
      record.waitsFor === null
        ? await settleCondemnation(
            store.blobs,
            record,
            before.map(({ id }) => id),
          )
        : record;
    if (settled.waitsFor?.some((id) => before.some((live) => live.id === id)) || record.waitsFor === null)
      waiting.push(settled);
    else await sweep(store, settled, marks, roots, tally);
  }

  const copiedBytes = await rewritePacks(store, plan.rewritten, marks);
  crashPoint("prune.copied");
  const packs = [...plan.unneeded, ...plan.rewritten].map(({ pack }) => pack);
  if (packs.length > 0 || garbageImages.length > 0)
    waiting.push(await condemn(store.blobs, { packs, images: garbageImages }));
  crashPoint("prune.condemned");
  const left = await sweepNow(store, waiting, marks, session.id, settings, tally);
  const removedLeftovers = await store.blobs.removeLeftovers(sessionGraceMs);
  return {
    ...result(tally, {
      ...tally,
      freedBytes: tally.removedBytes - copiedBytes,
      rewrittenPacks: plan.rewritten.length,
      waits: left,
      before: await liveSessions(store, session.id),
    }),
    waitingBytes: sizeOf(store, left),
    removedSessions,
    removedLeftovers,
  };
}

/** Settles records and sweeps those that need not wait for anybody. Returns the others. */
async function sweepNow(
  store: ImageStore,
  records: readonly Condemnation[],
  marks: Reachability,
  own: string,
  settings: PruneSettings,
  tally: Tally,
): Promise<Condemnation[]> {
  if (records.length === 0) return [];
  const live = await liveSessions(store, own);
  const settled: Condemnation[] = [];
  for (const record of records)
    settled.push(
      record.waitsFor === null
        ? await settleCondemnation(
            store.blobs,
            record,
            live.map(({ id }) => id),
          )
        : record,
    );
  crashPoint("prune.settled");
  const ready = settled.filter(({ waitsFor }) => !waitsFor?.some((id) => live.some((session) => session.id === id)));
  if (ready.length > 0) {
    const roots = await markRoots(store, marks, own, settings);
    for (const record of ready) await sweep(store, record, marks, roots, tally);
  }
  return settled.filter((record) => !ready.includes(record));
}

/** Marks what all roots need: named images, and those that live sessions list. What they need was durable before, so the index is refreshed after they are listed. */
async function markRoots(
  store: ImageStore,
  marks: Reachability,
  own: string,
  settings: PruneSettings,
): Promise<Set<ImageId>> {
  const listed = (await liveSessions(store, own)).flatMap(({ images }) => images as ImageId[]);
  const named = (await listImageNames(store.blobs)).map(({ image }) => image);
  const roots = new Set([...named, ...listed]);
  await store.refresh(settings.signal);
  for (const image of roots) {
    const isNamed = named.includes(image);
    if (!isNamed && (await store.blobs.get(`images/${image}`, { offset: 0, lengthBytes: 1 })) === undefined) continue;
    settings.onProgress({
      version: 1,
      phase: "looking for what images need",
      bytes: 0,
      items: marks.images.size,
      totalItems: roots.size,
    });
    await marks.markImage(image, settings.signal);
  }
  return roots;
}

async function findGarbageImages(
  store: ImageStore,
  roots: ReadonlySet<ImageId>,
  condemnations: readonly Condemnation[],
): Promise<ImageId[]> {
  const condemned = new Set(condemnations.flatMap(({ images }) => images));
  const garbage: ImageId[] = [];
  for await (const { key } of store.blobs.list("images/")) {
    const image = key.slice("images/".length) as ImageId;
    if (!roots.has(image) && !condemned.has(image)) garbage.push(image);
  }
  return garbage;
}

async function removeLapsedSessions(store: ImageStore): Promise<number> {
  const lapsed = (await findSessions(store.blobs, store.probe)).filter((session) => session.lapsed);
  for (const { keys } of lapsed) for (const key of keys) await store.blobs.delete(key);
  return lapsed.length;
}

async function liveSessions(store: ImageStore, own: string): Promise<FoundSession[]> {
  return (await findSessions(store.blobs, store.probe)).filter(({ id, lapsed }) => id !== own && !lapsed);
}

function sizeOf(store: ImageStore, records: readonly Condemnation[]): number {
  const sizes = store.index.packs();
  return records
    .flatMap(({ packs }) => packs)
    .reduce((sum, pack) => sum + (sizes.get(pack as PackId)?.sizeBytes ?? 0), 0);
}

function result(
  tally: Tally,
  facts: Partial<Tally> & {
    readonly freedBytes: number;
    readonly rewrittenPacks: number;
    readonly waits: readonly Condemnation[];
    readonly before: readonly FoundSession[];
  },
): PruneResult {
  return {
    removedPacks: facts.removedPacks ?? tally.removedPacks,
    rewrittenPacks: facts.rewrittenPacks,
    removedImages: facts.removedImages ?? tally.removedImages,
    freedBytes: facts.freedBytes,
    waitingPacks: facts.waits.flatMap(({ packs }) => packs).length,
    waitingBytes: 0,
    waitsFor:
      facts.waits.length === 0 ? [] : facts.before.map(({ record }) => record?.purpose ?? "an unreadable session"),
    removedSessions: 0,
    removedLeftovers: 0,
  };
}
