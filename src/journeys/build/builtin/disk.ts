import { Type } from "typebox";
import { defineConstructor, type AnyConstructor, type BuildCheckpoint } from "../checkpoint/constructor.ts";
import { outputPath, rememberOutput, withdrawRemembered } from "./disk-output.ts";

const firmware = Type.Union([Type.Literal("bios"), Type.Literal("uefi"), Type.Literal("both")]);

const schema = Type.Object(
  {
    image: Type.String({ minLength: 1 }),
    store: Type.Optional(Type.String({ minLength: 1 })),
    output: Type.String({ minLength: 1 }),
    layout: Type.Optional(Type.String({ minLength: 1 })),
    size: Type.Optional(Type.String({ minLength: 1 })),
    firmware: Type.Optional(firmware),
    uuidSeed: Type.Optional(Type.String({ minLength: 1 })),
    // Absolute, and no path argument: of those a digest of the content is kept.
    luksPassphraseFile: Type.Optional(Type.String({ pattern: "^/" })),
    identity: Type.Optional(Type.Union([Type.Literal("keep"), Type.Literal("reset")])),
    hostname: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
  },
  { additionalProperties: false },
);

const made = Type.Object(
  { path: Type.String(), format: Type.String(), differences: Type.Number() },
  { additionalProperties: false },
);

/** `disk`: a disk that starts, from an image; later checkpoints know it as `%{disk.path}`. */
export const disk: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Build a disk that starts from an image",
  arguments: schema,
  provides: { disk: made },
  pathArguments: ["layout"],
  seconds: 60,
  inputs: async ({ image, store }, { images }) => ({ [image]: (await images.find(image, store)).id }),
  create: ({ image, store, output, ...choices }): BuildCheckpoint => ({
    plan: [`build ${output} from ${image}`],
    async run(context) {
      const { ports, data, log, onProgress, signal, work } = context;
      await withdrawRemembered(context);
      const found = await ports.images.find(image, store);
      const path = outputPath(output, work);
      await rememberOutput(context, path);
      const built = await ports.disks.build(found, path, choices, { onProgress, signal });
      data.set("disk", { path, format: built.format, differences: built.differenceCount });
      log(`${path}, ${built.differenceCount} entries differ from the image, each for a known cause`);
    },
    undo: withdrawRemembered,
  }),
});
