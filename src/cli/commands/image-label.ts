import type { ImageName } from "../../image/store/image-names.ts";

/** How an image is called in documents. */
export interface ImageLabel {
  readonly id: string;
  readonly name: string;
  readonly tag: string;
}

const shownDigits = 12;

/** The names of an image for a document. */
export function labelOf({ image, name, tag }: Pick<ImageName, "image" | "name" | "tag">): ImageLabel {
  return { id: image, name, tag };
}

/** The names of an image for people: `web:3 @1f2e3d4c5b6a`; both parts can be given to any command. */
export function formatLabel({ image, name, tag }: Pick<ImageName, "image" | "name" | "tag">): string {
  return `${name}:${tag} ${shortId(image)}`;
}

/** An image id, short enough to read and long enough to be given again. */
export function shortId(image: string): string {
  return `@${image.slice(0, shownDigits)}`;
}
