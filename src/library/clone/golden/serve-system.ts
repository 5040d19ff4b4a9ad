import { crashPoint } from "../../../core/crash-points.ts";
import type { ManifestHead } from "../../../core/manifest/manifest.ts";
import type { ImageId } from "../../../image/store/image-names.ts";
import type { ImageStore, OpenImage } from "../../../image/store/image-store.ts";
import { SessionExistsError } from "../../../journeys/clone/errors.ts";
import { linuxTreeReader } from "../../../host/tree/linux-tree-reader.ts";
import { GrowingFrames } from "../../../journeys/clone/golden/growing-frames.ts";
import type { CaptureResult } from "../../../system/capture/run.ts";
import type { CapturePlan } from "../../../system/capture/plan.ts";
import type { CaptureWatch } from "../../../system/capture/watch/capture-watch.ts";
import { lookAtTree } from "../../../system/capture/watch/look-at-tree.ts";
import type { UsageByMountPoint } from "../../../system/disk/plan/disk-room.ts";
import { estimateUsage } from "../../../system/disk/source/measure-usage.ts";
import { captureInto, type CaptureAs } from "../../capture/capture.ts";
import { choosePaths } from "../../settings/settings.ts";
import { openOrCreateStore } from "../../store/store.ts";
import { orderedImage, type OrderedImage } from "./disk-order.ts";
import { runSession, type SessionSource } from "./run-session.ts";
import type { CloneServeOptions, CloneServeResult, ServedSession } from "./serve-options.ts";
import { openSessionState } from "./session-place.ts";

/** A system that is served. */
export interface ServedSystem {
  /** What an earlier run has captured: that is served then. */
  readonly captured: ImageId | undefined;
  /** Captures it by `captureAs`. */
  capture(captureAs: CaptureAs): Promise<CaptureResult>;
}

/**
 * Serves a system to the nodes that join, while it is captured into the store: they have what is stored of it at once. When this process is
 * lost after the capture, the same call goes on with the session; before, it captures anew under the same token, and nodes start again.
 *
 * @param onServing Called once nodes can join.
 * @throws {SessionExistsError} If a session of that name serves an image. And what `capture` throws.
 */
export async function cloneServeSystem(
  system: ServedSystem,
  options: CloneServeOptions,
  onServing: (session: ServedSession) => void = () => undefined,
): Promise<CloneServeResult> {
  const { stateDirectory } = options.paths ?? choosePaths();
  using store = await openOrCreateStore(options);
  await using kept = new AsyncDisposableStack();
  const keep = async (image: ImageId): Promise<OpenImage> => kept.use(await openById(store, image, options.session));
  const { state, resumed } = openSessionState(stateDirectory, options.session);
  if (!state.isGrowing) throw new SessionExistsError(options.session, state.image);
  const planned = new GrowingFrames(store);
  const begun = Promise.withResolvers<OrderedImage>();
  let ordered = begun.promise;
  const source = { store, state, planned, resumed, ordered: () => ordered };
  const { captured } = system;
  if (captured !== undefined) {
    const { manifest } = await keep(captured);
    ordered = Promise.resolve(orderedImage(manifest, store.chunks));
    await planned.replay(captured, manifest);
    const parts = planned.digest();
    if (state.image !== captured || state.parts !== parts) {
      state.startAgain();
      state.captured(captured, parts);
    }
    return await runSession(source, options, onServing);
  }
  if (resumed) state.startAgain();
  const meanwhile: SessionSource["meanwhile"] = async (session, stop) => {
    planned.onGrown = () => session.grew();
    const { name, manifest } = await system.capture((what, { signal, ...how }, notices) => {
      const both = signal === undefined ? stop : AbortSignal.any([signal, stop]);
      const onHead = (head: ManifestHead): void => begun.resolve(comingImage(head, what.plan, both));
      return captureInto(store, what, { ...how, signal: both }, notices, watchFor(planned, onHead));
    });
    await keep(name.image);
    await planned.end(name.image, manifest);
    state.captured(name.image, planned.digest());
    crashPoint("clone.captured");
    const { entries, bytes } = manifest.tail.counts;
    options.onNote?.({ kind: "captured", image: name.image, entries, bytes });
    ordered = Promise.resolve(orderedImage(manifest, store.chunks));
    session.grew();
  };
  return await runSession({ ...source, meanwhile }, options, onServing);
}

function openById(store: ImageStore, image: ImageId, session: string): Promise<OpenImage> {
  return store.openImage({ kind: "image", by: { kind: "id", prefix: image } }, `serve session ${session}`);
}

/** What nodes get of a system while it is captured: what it takes is known by a walk over it. */
function comingImage(head: ManifestHead, plan: CapturePlan, signal: AbortSignal): OrderedImage {
  const measure = (mountPoints: readonly string[]): Promise<UsageByMountPoint> =>
    estimateUsage(lookAtTree(linuxTreeReader(), plan, signal), mountPoints);
  return { head, streams: [], measure };
}

function watchFor(frames: GrowingFrames, onHead: (head: ManifestHead) => void): CaptureWatch {
  return {
    onHead(head, estimate) {
      frames.announce(head, estimate);
      onHead(head);
    },
    onSegment: (segment, flush) => frames.add(segment, flush),
    // What fails here fails the next segment, or the end.
    onStored: () => void frames.advance().catch(() => undefined),
  };
}
