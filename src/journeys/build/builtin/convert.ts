import { Type } from "typebox";
import { defineConstructor, type AnyConstructor, type BuildCheckpoint } from "../checkpoint/constructor.ts";
import { outputPath, rememberOutput, withdrawRemembered } from "./disk-output.ts";

const hypervisors = ["esxi", "virtualbox", "aws", "kvm"] as const;

const schema = Type.Object(
  {
    disk: Type.String({ minLength: 1 }),
    output: Type.String({ minLength: 1 }),
    for: Type.Optional(Type.Union(hypervisors.map((name) => Type.Literal(name)))),
    firmware: Type.Optional(Type.Union([Type.Literal("bios"), Type.Literal("uefi")])),
  },
  { additionalProperties: false },
);

const made = Type.Object({ path: Type.String(), format: Type.String() }, { additionalProperties: false });

/** `convert`: a disk in the format of another hypervisor; later checkpoints know it as `%{converted.path}`. */
export const convert: AnyConstructor = defineConstructor<typeof schema>({
  summary: "Convert a disk for a hypervisor",
  arguments: schema,
  provides: { converted: made },
  seconds: 10,
  create: ({ disk, output, for: hypervisor, firmware }): BuildCheckpoint => ({
    plan: [`convert ${disk} to ${output}`],
    async run(context) {
      const { ports, data, log, onProgress, signal, work } = context;
      await withdrawRemembered(context);
      const path = outputPath(output, work);
      await rememberOutput(context, path);
      const choices = { ...(hypervisor !== undefined && { hypervisor }), ...(firmware !== undefined && { firmware }) };
      const { format } = await ports.disks.convert(disk, path, choices, { onProgress, signal });
      data.set("converted", { path, format });
      log(path);
    },
    undo: withdrawRemembered,
  }),
});
