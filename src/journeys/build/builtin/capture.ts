import { Type } from "typebox";
import { defineConstructor, type AnyConstructor, type BuildCheckpoint } from "../checkpoint/constructor.ts";

const schema = Type.Object(
  {
    name: Type.String({ pattern: "^[a-z0-9][a-z0-9._-]{0,127}$" }),
    store: Type.Optional(Type.String({ minLength: 1 })),
    excludes: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
  },
  { additionalProperties: false },
);

const image = Type.Object(
  { id: Type.String(), name: Type.String(), tag: Type.String(), store: Type.String() },
  { additionalProperties: false },
);

/** What an earlier run, or the undo, has to know of the image. */
interface Publishing {
  readonly id: string;
  readonly store: string;
}

/** `capture`: the tree as an image in a store; later checkpoints know it as `%{image.id}`. */
export const capture: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Capture the tree as an image",
  arguments: schema,
  provides: { image },
  changesTree: false,
  seconds: 5,
  create: ({ name, store, excludes = [] }): BuildCheckpoint => ({
    plan: [`capture the tree as ${name}`],
    async run({ root, ports, data, log, onProgress, signal, remembered, remember }) {
      const before = remembered as Publishing | null;
      const made =
        (before === null ? undefined : await ports.images.findPublished(before.id, before.store)) ??
        (await ports.images.capture(
          root,
          {
            name,
            ...(store !== undefined && { store }),
            excludes,
            publishing: (id, place) => remember({ id, store: place }),
          },
          { onProgress, signal },
        ));
      data.set("image", { id: made.id, name: made.name, tag: made.tag, store: made.store });
      log(`${made.name}:${made.tag}, ${made.id}`);
    },
    async undo({ ports, remembered }) {
      const made = remembered as Publishing | null;
      if (made !== null) await ports.images.remove(made.id, made.store);
    },
  }),
});
