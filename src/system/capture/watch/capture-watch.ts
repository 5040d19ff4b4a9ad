import type { ManifestHead } from "../../../core/manifest/manifest.ts";
import type { TreeEstimate } from "./measure-tree.ts";

/** Who takes what a capture makes while it goes on; the capture fails as what it calls here does. */
export interface CaptureWatch {
  /** What the manifest will begin with, and how much there may be; at some time before the end. */
  readonly onHead: (head: ManifestHead, estimate: TreeEstimate) => void;
  /**
   * The next segment of the tree index, which is the capture's own again once this returns; it goes on when the promise is fulfilled.
   * `flush` makes all durable that segments up to there name.
   */
  readonly onSegment: (segment: Uint8Array, flush: () => Promise<void>) => Promise<void>;
  /** Further chunks are durable, and known to the store's index. */
  readonly onStored: () => void;
}
