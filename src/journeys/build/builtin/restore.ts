import { Type } from "typebox";
import { defineConstructor, type AnyConstructor, type BuildCheckpoint } from "../checkpoint/constructor.ts";

const schema = Type.Object(
  {
    image: Type.String({ minLength: 1 }),
    store: Type.Optional(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false },
);

/** `restore`: an image as the tree to start from. */
export const restore: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Begin with the tree of an image",
  arguments: schema,
  seconds: 10,
  // Its name may lead to another image the next time; that is another tree then.
  inputs: async ({ image, store }, { images }) => ({ [image]: (await images.find(image, store)).id }),
  create: ({ image, store }): BuildCheckpoint => ({
    plan: [`restore ${image} as the tree`],
    async run({ root, ports, log, onProgress, signal }) {
      const found = await ports.images.find(image, store);
      log(`${found.name}:${found.tag}, ${found.id}`);
      await ports.images.restore(found, root, { onProgress, signal });
    },
  }),
});
