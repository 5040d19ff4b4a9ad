import type { Manifest, StreamFact, TreeReference } from "./manifest.ts";

/** All indexes of an image: what they name is all that it needs from the store, beside its manifest. */
export function treesOf({ tail }: Manifest): readonly TreeReference[] {
  return tail.streams === undefined ? [tail.tree] : [tail.tree, tail.streams.index];
}

/** The raw streams of an image. */
export function streamsOf({ tail }: Manifest): readonly StreamFact[] {
  return tail.streams?.list ?? [];
}
