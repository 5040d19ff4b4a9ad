import type { ImageId, ImageName } from "../../../image/store/image-names.ts";
import { storeImage } from "../../../journeys/clone/node/store-image.ts";
import { StoredFrames } from "../../../journeys/clone/node/stored-frames.ts";
import { openOrCreateStore, type StoreOptions } from "../../store/store.ts";
import { joinSession, whileCapturedAnew, type JoinSessionOptions } from "./join-session.ts";
import { SessionStay } from "./session-stay.ts";

/** What a node's store got of a session. */
export interface ReceivedImage {
  readonly name: ImageName;
  readonly retries: number;
}

/** What a node's store got, and how long it took. */
export interface CloneJoinStoreResult extends ReceivedImage {
  readonly durationMs: number;
}

/** Who wants to know what a join is about to do with a store; each is waited for before it is done. */
export interface StoreNotices {
  /** The image, which the store did not have, is whole and gets its name. */
  readonly naming?: (image: ImageId) => Promise<void>;
  /** It has its name, and the golden node is told. */
  readonly received?: (received: ReceivedImage) => Promise<void>;
}

/**
 * Joins a session and puts its image into a store, made if there is none, while it comes in and is passed on: only blocks that bring
 * something which the store lacks. All that was put is read back. The same call after a failure or kill goes on.
 *
 * @throws {SessionRefusedError} @throws {StoreUnsuitableError}
 */
export async function cloneJoinStore(options: JoinSessionOptions & StoreOptions): Promise<CloneJoinStoreResult> {
  const startedAtMs = Date.now();
  using stay = new SessionStay();
  const received = await whileCapturedAnew(options, () => joinStore(options, stay));
  return { ...received, durationMs: Date.now() - startedAtMs };
}

/** Joins a session as {@link cloneJoinStore} does, once: not again where the golden node captures anew. @throws As that. */
export async function joinStore(
  options: JoinSessionOptions & StoreOptions,
  stay: SessionStay,
  { naming, received }: StoreNotices = {},
): Promise<ReceivedImage> {
  using store = await openOrCreateStore(options);
  let frames: StoredFrames | undefined;
  const { result: name, retries } = await joinSession(
    options,
    {
      takes: () => ({ isFresh: false }),
      fromFiles: async (frame) => await frames?.frame(frame),
      receive: async (session, arriving, index) => {
        // From here on: what the store had before is found in it, and what comes in once it is durable.
        frames = new StoredFrames(store, index);
        session.log(`storing the image in ${store.blobs.location}`);
        const { onProgress = () => undefined, signal } = options;
        const stored = await storeImage({ store, session, index, arriving, naming, onProgress, signal });
        session.log(`verified ${stored.name}:${stored.tag}`);
        return stored;
      },
      received: async ({ result, retries: asked }) => await received?.({ name: result, retries: asked }),
    },
    stay,
  );
  return { name, retries };
}
