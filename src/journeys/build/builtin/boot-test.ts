import { Type } from "typebox";
import { defineConstructor, type AnyConstructor, type BuildCheckpoint } from "../checkpoint/constructor.ts";

const schema = Type.Object(
  {
    disk: Type.String({ minLength: 1 }),
    bus: Type.Optional(Type.Union([Type.Literal("virtio"), Type.Literal("sata"), Type.Literal("nvme")])),
    firmware: Type.Optional(Type.Union([Type.Literal("bios"), Type.Literal("uefi")])),
    luksPassphraseFile: Type.Optional(Type.String({ pattern: "^/" })),
    timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 24 * 60 * 60 })),
  },
  { additionalProperties: false },
);

/** `boot-test`: starts a disk in an emulated computer; the build goes on only if it comes to a login prompt. */
export const bootTest: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Start a disk and wait for a login prompt",
  arguments: schema,
  changesTree: false,
  seconds: 90,
  check: async (_values, { programs }) =>
    programs.isInstalled("qemu-system-x86_64") ? [] : ["qemu-system-x86_64 is not installed"],
  create: ({ disk, timeoutSeconds, ...computer }): BuildCheckpoint => ({
    plan: [`start ${disk} with ${computer.firmware ?? "bios"} and ${computer.bus ?? "virtio"}`],
    async run({ ports, log, signal }) {
      const timeoutMs = timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000;
      const { durationMs } = await ports.disks.test(disk, { ...computer, timeoutMs }, signal);
      log(`a login prompt after ${Math.round(durationMs / 1000)} s`);
    },
  }),
});
