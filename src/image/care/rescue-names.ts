import type { Manifest } from "../../core/manifest/manifest.ts";
import { RehomeError } from "../../core/errors.ts";
import {
  isImageName,
  nameForManifest,
  openImageName,
  putName,
  putNameInSession,
  putNextName,
  removeName,
  type ImageId,
  type ImageName,
} from "../store/image-names.ts";
import type { ImageStore } from "../store/image-store.ts";
import { readCondemnations } from "../store/condemnation.ts";
import type { Session } from "../store/session.ts";

interface Orphan {
  readonly image: ImageId;
  readonly manifest: Manifest;
}

/**
 * Gives intact images whose name is damaged their name back, and removes the damaged ones; else the next prune would take the
 * images for garbage. Which image a damaged name led to is told by the names that manifests carry and by their order in time;
 * where that does not add up, an image gets the next free number. At every moment each of them has a name or is kept by `session`.
 */
export async function rescueNames(store: ImageStore, session: Session, damaged: readonly string[]): Promise<string[]> {
  const actions: string[] = [];
  const orphans = await findOrphans(store);
  for (const name of new Set(damaged.map((key) => key.split("/")[1] ?? ""))) {
    const lost = orphans.filter(({ manifest }) => manifest.head.name === name);
    const tags = damaged
      .flatMap((key) => /^names\/[^/]+\/([1-9]\d{0,14})$/.exec(key)?.[1] ?? [])
      .filter((tag) => damaged.includes(`names/${name}/${tag}`));
    await session.need(lost.map(({ image }) => image));
    const kept: ImageName[] = [];
    for (const orphan of lost)
      kept.push(
        await putNameInSession(store.blobs, session, () =>
          putNextName(store.blobs, nameForManifest(orphan.image, orphan.manifest)),
        ),
      );
    for (const key of damaged.filter((each) => each.startsWith(`names/${name}/`))) {
      await store.blobs.delete(key);
      actions.push(`removed ${key}, which cannot be read`);
    }
    const inOrder = tags.length === lost.length ? tags.toSorted((a, b) => Number(a) - Number(b)) : [];
    for (const [at, spare] of kept.entries()) {
      const tag = inOrder[at];
      const final = tag === undefined ? spare : await putName(store.blobs, { ...spare, tag });
      if (final !== spare) await removeName(store.blobs, spare);
      actions.push(`gave images/${final.image} the name ${final.name}:${final.tag} back`);
    }
  }
  return actions;
}

/** Images that can be read, that no readable name leads to, and that nobody means to remove; the oldest first. */
async function findOrphans(store: ImageStore): Promise<Orphan[]> {
  const taken = new Set((await readCondemnations(store.blobs)).flatMap(({ images }) => images));
  for await (const { key } of store.blobs.list("names/")) {
    const name = await attempt(async () => openImageName((await store.blobs.get(key)) ?? Buffer.alloc(0), key));
    if (name) taken.add(name.image);
  }
  const orphans: Orphan[] = [];
  for await (const { key } of store.blobs.list("images/")) {
    const image = key.slice("images/".length) as ImageId;
    const manifest = taken.has(image) ? undefined : await attempt(() => store.readManifest(image));
    // What a manifest from an enemy tells must not become a name that nobody can read.
    if (manifest && isImageName({ ...nameForManifest(image, manifest), tag: "1" })) orphans.push({ image, manifest });
  }
  return orphans.toSorted((a, b) => (a.manifest.head.capturedAt < b.manifest.head.capturedAt ? -1 : 1));
}

async function attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RehomeError) return undefined;
    throw error;
  }
}
