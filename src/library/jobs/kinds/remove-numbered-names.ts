import { listImageNames, removeName, type ImageId } from "../../../image/store/image-names.ts";
import type { Paths } from "../../settings/settings.ts";
import { openStore } from "../../store/store.ts";

/**
 * Takes away the name that a capture gave to its image, which has a number for a tag; words are tags that people gave. The image itself
 * goes with the next prune. Does nothing the second time.
 */
export async function removeNumberedNames(image: ImageId, store: string, paths: Paths): Promise<void> {
  using opened = await openStore({ store, paths });
  for (const name of await listImageNames(opened.blobs))
    if (name.image === image && /^\d/.test(name.tag)) await removeName(opened.blobs, name);
}
