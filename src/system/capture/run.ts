import type { KeyObject } from "node:crypto";
import { crashPoint } from "../../core/crash-points.ts";
import type {
  Consistency,
  Manifest,
  ManifestHead,
  SecretKind,
  SecretsFound,
  StreamsCaptured,
} from "../../core/manifest/manifest.ts";
import type { OnProgress } from "../../core/progress.ts";
import { byteStringFromText } from "../../core/tree/byte-string.ts";
import { encodeManifest } from "../../image/format/manifest-object.ts";
import {
  assertNotGivenUp,
  condemnedPacks,
  readCondemnations,
  type Condemnation,
} from "../../image/store/condemnation.ts";
import { putNameInSession, putNextName, type ImageId, type ImageName } from "../../image/store/image-names.ts";
import type { ImageStore } from "../../image/store/image-store.ts";
import { PackWriter } from "../../image/store/pack-writer.ts";
import { Session } from "../../image/store/session.ts";
import { signImageName } from "../../image/signatures/image-signature.ts";
import { putSignature } from "../../image/signatures/stored-signatures.ts";
import { TreeIndexWriter } from "../../image/tree-index/tree-index-writer.ts";
import { captureCachePath, CaptureCacheWriter, type CaptureCacheKey } from "./records/capture-cache.ts";
import { openTrustedCache } from "./records/trusted-cache.ts";
import { TreeCapture, type CapturedTree } from "./capture-tree.ts";
import { checkHooks, raiseConsistency } from "./hook-results.ts";
import type { CapturePlan } from "./plan.ts";
import type { CapturePorts } from "./ports.ts";
import type { RateLimit } from "./reading/rate-limit.ts";
import { findSecretPaths, findSharedSecrets } from "./secrets/find-secrets.ts";
import { ruleDigest } from "./secrets/rule-digest.ts";
import { SecretWatch } from "./secrets/secret-watch.ts";
import { chooserOf, relative } from "./selection/chooser-of.ts";
import { captureStreams } from "./streams/capture-streams.ts";
import { WarningList } from "./warning-list.ts";
import type { CaptureWatch } from "./watch/capture-watch.ts";
import { readHead } from "./watch/read-head.ts";

/** How a capture is to run. */
export interface CaptureSettings {
  readonly writtenBy: string;
  readonly compressionLevel: "standard" | number;
  readonly packageFiles: "changed" | "all";
  readonly nspawnFile?: string;
  readonly idle: boolean;
  /** Signs the image under its name. */
  readonly signingKey?: KeyObject;
  readonly rate: RateLimit;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
  readonly notices?: CaptureNotices;
  readonly watch?: CaptureWatch;
}

/** What a capture tells before it does it, so that what a kill leaves can be found; it goes on once the promise is fulfilled. */
export interface CaptureNotices {
  /** Hooks are about to run that only the post-capture hooks take back. */
  readonly runningHooks: () => Promise<void>;
  /** The image is whole and about to get its name. */
  readonly publishing: (image: ImageId) => Promise<void>;
}

/** What a capture made. */
export interface CaptureResult {
  readonly name: ImageName;
  readonly manifest: Manifest;
  readonly unchangedFiles: number;
  /** Entries that are there and could not be read. */
  readonly unreadable: number;
  readonly durationMs: number;
}

/** Runs a capture's plan. What it stored before a failure or a kill is found and used by the next capture. */
export async function runCapture(
  plan: CapturePlan,
  store: ImageStore,
  ports: CapturePorts,
  settings: CaptureSettings,
): Promise<CaptureResult> {
  const startedAtMs = Date.now();
  const warnings = new WarningList();
  for (const { mountPoint, reason, taken } of plan.mounts)
    if (!taken)
      warnings.add("left-out", byteStringFromText(relative(plan.root, mountPoint)), `mount left out: ${reason ?? ""}`);
  for (const { path, reason } of plan.leftOut)
    warnings.add("left-out", byteStringFromText(relative(plan.root, path)), `left out: ${reason}`);

  await using session = await Session.begin(store.blobs, store.probe, `capture ${plan.name}`, []);
  crashPoint("capture.session-begun");
  const { condemnations } = await store.refresh(settings.signal);
  const hooked = plan.steps.some((step) => step.kind === "run-hooks");
  const announce = (phase: string, waitsFor: string): void =>
    settings.onProgress({ version: 1, phase, bytes: 0, items: 0, waitsFor });
  const variables = { REHOME_NAME: plan.name, REHOME_ROOT: plan.root };
  try {
    if (hooked) {
      announce("running hooks", "a hook");
      await settings.notices?.runningHooks();
    }
    const consistency = hooked
      ? raiseConsistency(plan.consistency, checkHooks(await ports.runHooks("pre-capture", variables, settings.signal)))
      : plan.consistency;
    announce("writing out what the kernel holds back", "the devices");
    sync(ports, plan.root);
    crashPoint("capture.synced");
    const { packageFiles, nspawnFile } = settings;
    const facts = ports.readFacts(plan.root, { packageFiles, nspawnFile, host: plan.kind === "host" });
    const reading = { plan, store, ports, settings, session, condemnations, warnings, startedAtMs };
    const [captured, { head, warnings: noted }] = await Promise.all([readTree(reading), readHead(facts, reading)]);
    warnings.addAll(noted);
    return await publish({ ...reading, consistency, captured, head });
  } finally {
    if (hooked)
      for (const { path, exitCode } of await ports.runHooks("post-capture", variables))
        if (exitCode !== 0)
          warnings.add("hook", undefined, `post-capture hook "${path}" ended with status ${exitCode}`);
  }
}

interface Reading {
  readonly plan: CapturePlan;
  readonly store: ImageStore;
  readonly ports: CapturePorts;
  readonly settings: CaptureSettings;
  readonly session: Session;
  readonly condemnations: readonly Condemnation[];
  readonly warnings: WarningList;
  readonly startedAtMs: number;
}

interface StoredTree {
  readonly captured: CapturedTree;
  readonly streams: StreamsCaptured | undefined;
  readonly packs: PackWriter;
  readonly cache: CaptureCacheWriter;
  readonly secrets: SecretsFound;
}

async function readTree({
  plan,
  store,
  ports,
  settings,
  session,
  condemnations,
  warnings,
}: Reading): Promise<StoredTree> {
  const key = cacheKeyOf(plan);
  const choose = chooserOf(plan);
  if (plan.redact) settings.onProgress({ version: 1, phase: "looking for secrets", bytes: 0, items: 0 });
  const shared = plan.redact
    ? await findSharedSecrets(findSecretPaths(ports.tree, plan.root, chooserOf(plan), settings.signal))
    : new Map<string, SecretKind>();
  const secrets = new SecretWatch(plan.redact, shared);
  const cachePath = captureCachePath(store.cacheDirectory, key);
  const before = plan.rehash ? undefined : await openTrustedCache(cachePath, key, store, session, condemnations);
  const cache = new CaptureCacheWriter(cachePath);
  const { watch } = settings;
  const packs = new PackWriter(store.blobs, store.index, watch?.onStored);
  const onSegment = watch && ((segment: Uint8Array) => watch.onSegment(segment, () => packs.flush()));
  try {
    await using pool = ports.startPool({
      indexPath: store.index.path,
      storeWasEmpty: store.index.isEmpty,
      condemnedPacks: [...condemnedPacks(condemnations)],
      compressionLevel: settings.compressionLevel,
      ownerShift: plan.ownerShift,
      redact: plan.redact,
      idle: settings.idle,
    });
    const { rate, onProgress, signal } = settings;
    const common = { pool, packs, rate, onProgress, signal };
    using capture = new TreeCapture({
      ...common,
      ports,
      index: new TreeIndexWriter(packs, store.index, onSegment),
      cache: { before, next: cache },
      choose,
      additions: plan.additions ?? [],
      ownerShift: plan.ownerShift,
      warnings,
      secrets,
    });
    const captured = await capture.run(plan.root);
    const streams = await captureStreams(plan.streams ?? [], {
      tree: ports.tree,
      openSource: (path) => ports.openRawSource(path),
      ...common,
      index: store.index,
    });
    for (const { source, consistency } of streams?.list ?? [])
      if (consistency === "fuzzy") warnings.add("consistency", undefined, `${source} changed while it was read`);
    const { bytes, entries: items } = captured.counts;
    settings.onProgress({ version: 1, phase: "storing", bytes, items, waitsFor: "the store" });
    crashPoint("capture.tree-read");
    await packs.flush();
    crashPoint("capture.packs-durable");
    return { captured, streams, packs, cache, secrets: secrets.found() };
  } catch (error) {
    cache.discard();
    throw error;
  } finally {
    before?.close();
  }
}

interface Publication extends Omit<Reading, "ports"> {
  readonly consistency: Consistency;
  readonly captured: StoredTree;
  readonly head: ManifestHead;
}

async function publish(publication: Publication): Promise<CaptureResult> {
  const { plan, store, settings, session, condemnations, warnings, startedAtMs, consistency, captured, head } =
    publication;
  const { cache, packs, secrets, streams } = captured;
  const { counts, tree, unchangedFiles } = captured.captured;
  try {
    const manifest: Manifest = {
      formatVersion: streams === undefined ? 1 : 2,
      head,
      tail: {
        tree,
        counts,
        consistency,
        warnings: warnings.list,
        warningCount: warnings.count,
        durationMs: Date.now() - startedAtMs,
        secrets,
        ...(streams && { streams }),
      },
    };
    const { id, bytes } = encodeManifest(manifest);
    await store.blobs.put(`images/${id}`, [bytes]);
    crashPoint("capture.manifest-put");
    assertNotGivenUp(condemnations, await readCondemnations(store.blobs), session.id);
    await settings.notices?.publishing(id);
    const described = describe(id, plan, head.capturedAt, consistency, counts, packs);
    const { signingKey } = settings;
    const sign = signingKey && ((tagged: ImageName) => putSignature(store.blobs, signImageName(signingKey, tagged)));
    const name = await putNameInSession(store.blobs, session, () => putNextName(store.blobs, described, sign));
    crashPoint("capture.published");
    cache.publish({ formatVersion: 3, ...cacheKeyOf(plan), image: id, name: name.name, tag: name.tag, startedAtMs });
    return { name, manifest, unchangedFiles, unreadable: warnings.unreadable, durationMs: Date.now() - startedAtMs };
  } catch (error) {
    cache.discard();
    throw error;
  }
}

function describe(
  image: ImageId,
  plan: CapturePlan,
  capturedAt: string,
  consistency: Consistency,
  counts: Manifest["tail"]["counts"],
  packs: PackWriter,
): Omit<ImageName, "tag"> {
  return {
    image,
    name: plan.name,
    kind: plan.kind,
    capturedAt,
    consistency,
    ...counts,
    newBytes: packs.plainBytes,
    storedBytes: packs.storedBytes,
  };
}

function sync(ports: CapturePorts, root: string): void {
  const directory = ports.tree.openRoot(root);
  try {
    ports.syncFileSystem(directory);
  } finally {
    ports.tree.close(directory);
  }
}

function cacheKeyOf({ root, ownerShift, redact }: CapturePlan): CaptureCacheKey {
  return { root, ownerShift, redaction: redact ? ruleDigest() : "" };
}
