import { crashPoint } from "../../core/crash-points.ts";
import type { OnProgress } from "../../core/progress.ts";
import { ImageNotFoundError, ObjectMissingError } from "../errors.ts";
import type { PackId } from "../format/pack.ts";
import { condemn, readCondemnations, settleCondemnation, type Condemnation } from "../store/condemnation.ts";
import { listImageNames, type ImageId } from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { Session, sessionGraceMs, type FoundSession } from "../store/session.ts";
import { choosePacks, type ChosenPacks } from "./choose-packs.ts";
import { LiveSessions, mayPrune, prunePurpose } from "./live-sessions.ts";
import { measurePackUse, Reachability } from "./reachability.ts";
import { rewritePacks } from "./rewrite-packs.ts";
import { sweep, type Needed, type Tally } from "./sweep.ts";

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
  await using session = await Session.begin(store.blobs, store.probe, prunePurpose, []);
  crashPoint("prune.session-begun");
  const run: Run = { store, settings, session, sessions: new LiveSessions(store, session.id, settings.dryRun) };
  // Looked at before and after: nobody else was at the records when they were read, and who comes later leaves them to this run.
  const wasAlone = !(await run.sessions.list()).some(mayPrune);
  const condemnations = await readCondemnations(store.blobs);
  const before = await run.sessions.list();
  const mine = wasAlone && !before.some(mayPrune) ? condemnations : [];
  const { roots, marks } = await markRoots(run);
  const plan = choosePacks(measurePackUse(store, marks), condemnations, settings.minNeededShare);
  const garbageImages = await findGarbageImages(store, roots, condemnations);
  if (settings.dryRun) return describePlan(store, plan, garbageImages);

  const tally: Tally = { removedPacks: 0, removedImages: 0, removedBytes: 0 };
  const waiting: Condemnation[] = [];
  for (const record of mine) {
    if (record.waitsFor === null) waiting.push(await settleCondemnation(store.blobs, record, idsOf(before)));
    else if (isAwaited(record, before)) waiting.push(record);
    else await sweep(store, session, record, { roots, marks }, tally);
  }
  const copiedBytes = await rewritePacks(store, plan.rewritten);
  crashPoint("prune.copied");
  const packs = [...plan.unneeded, ...plan.rewritten].map(({ pack }) => pack);
  if (packs.length > 0 || garbageImages.length > 0)
    waiting.push(await condemn(store.blobs, { packs, images: garbageImages }));
  crashPoint("prune.condemned");
  const left = [...condemnations.filter((record) => !mine.includes(record)), ...(await sweepNow(run, waiting, tally))];
  return {
    removedPacks: tally.removedPacks,
    rewrittenPacks: plan.rewritten.length,
    removedImages: tally.removedImages,
    freedBytes: tally.removedBytes - copiedBytes,
    waitingPacks: left.flatMap((record) => record.packs).length,
    waitingBytes: sizeOf(
      store,
      left.flatMap((record) => record.packs),
    ),
    waitsFor: left.length === 0 ? [] : (await run.sessions.list()).map(purposeOf),
    removedSessions: run.sessions.removed,
    removedLeftovers: await store.blobs.removeLeftovers(sessionGraceMs),
  };
}

/** What a prune works with. */
interface Run {
  readonly store: ImageStore;
  readonly settings: PruneSettings;
  readonly session: Session;
  readonly sessions: LiveSessions;
}

/** Settles records and sweeps those that need not wait for anybody. Returns the others. */
async function sweepNow(run: Run, records: readonly Condemnation[], tally: Tally): Promise<Condemnation[]> {
  if (records.length === 0) return [];
  const { store, session } = run;
  const live = await run.sessions.list();
  const settled: Condemnation[] = [];
  for (const record of records)
    settled.push(record.waitsFor === null ? await settleCondemnation(store.blobs, record, idsOf(live)) : record);
  crashPoint("prune.settled");
  const ready = settled.filter((record) => !isAwaited(record, live));
  if (ready.length > 0) {
    // Marked anew: what the marks before went by may have been copied, condemned or removed since, by others too.
    const needed = await markRoots(run);
    for (const record of ready) await sweep(store, session, record, needed, tally);
  }
  return settled.filter((record) => !ready.includes(record));
}

/** Marks what all roots need. What they need was durable before they were listed, so the index is refreshed after that. */
async function markRoots(run: Run): Promise<Needed> {
  const { store, settings } = run;
  const marks = new Reachability(store);
  const roots = await listRoots(run);
  await store.refresh(settings.signal);
  for (const [image, isNamed] of roots) {
    if (!isNamed && (await store.blobs.get(`images/${image}`, { offset: 0, lengthBytes: 1 })) === undefined) continue;
    const phase = "looking for what images need";
    settings.onProgress({ version: 1, phase, bytes: 0, items: marks.images.size, totalItems: roots.size });
    try {
      await marks.markImage(image, settings.signal);
    } catch (error) {
      // One that only sessions list, or that has lost its name meanwhile, may have been swept in part before.
      const isGone = error instanceof ImageNotFoundError || error instanceof ObjectMissingError;
      if (!isGone || (isNamed && (await listRoots(run)).get(image) === true)) throw error;
    }
  }
  return { roots: new Set(roots.keys()), marks };
}

/**
 * Lists the images that stay, and whether a name leads to each. Sessions are listed before names, for writers that end with a
 * name, and after them, for readers that begin with one.
 */
async function listRoots({ store, sessions }: Run): Promise<Map<ImageId, boolean>> {
  const before = await sessions.list();
  const named = (await listImageNames(store.blobs)).map(({ image }) => image);
  const listed = [...before, ...(await sessions.list())].flatMap(({ images }) => images as ImageId[]);
  return new Map([...listed.map((image) => [image, false] as const), ...named.map((image) => [image, true] as const)]);
}

async function findGarbageImages(
  store: ImageStore,
  roots: ReadonlySet<ImageId>,
  condemnations: readonly Condemnation[],
): Promise<ImageId[]> {
  const condemned = new Set(condemnations.flatMap(({ images }) => images));
  const garbage = new Set<ImageId>();
  const look = (image: ImageId): unknown => roots.has(image) || condemned.has(image) || garbage.add(image);
  for await (const { key } of store.blobs.list("images/")) look(key.slice("images/".length) as ImageId);
  // A program that did not know of signatures leaves those of images that it removed.
  for await (const { key } of store.blobs.list("signatures/")) look(key.split("/")[1] as ImageId);
  return [...garbage];
}

function describePlan(store: ImageStore, plan: ChosenPacks, garbageImages: readonly ImageId[]): PruneResult {
  const unneeded = plan.unneeded.map(({ pack }) => pack);
  return {
    removedPacks: plan.unneeded.length,
    rewrittenPacks: plan.rewritten.length,
    removedImages: garbageImages.length,
    freedBytes:
      sizeOf(store, unneeded) + plan.rewritten.reduce((sum, use) => sum + use.storedBytes - use.neededBytes, 0),
    waitingPacks: 0,
    waitingBytes: 0,
    waitsFor: [],
    removedSessions: 0,
    removedLeftovers: 0,
  };
}

function isAwaited({ waitsFor }: Condemnation, live: readonly FoundSession[]): boolean {
  return live.some(({ id }) => waitsFor?.includes(id));
}

function idsOf(sessions: readonly FoundSession[]): string[] {
  return sessions.map(({ id }) => id);
}

function purposeOf({ record }: FoundSession): string {
  return record?.purpose ?? "an unreadable session";
}

function sizeOf(store: ImageStore, packs: readonly string[]): number {
  const sizes = store.index.packs();
  return packs.reduce((sum, pack) => sum + (sizes.get(pack as PackId)?.sizeBytes ?? 0), 0);
}
