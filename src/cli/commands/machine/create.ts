import { UsageError } from "../../../core/errors.ts";
import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import {
  createMachineAsJob,
  planCreateMachine,
} from "../../../library/jobs/kinds/machines/create/create-machine-job.ts";
import { namesManifest } from "../../../library/machines/find-manifest.ts";
import { renderReport, type HostFinding } from "../../../system/validate/index.ts";
import type { CommandContext } from "../../command-context.ts";
import type { MachineCreateCall } from "../../definition/index.ts";
import { editSettings } from "./edit-settings.ts";
import { createFromImage } from "./create-from-image.ts";

/** `rehome machine create`. */
export async function runMachineCreate(call: MachineCreateCall, context: CommandContext): Promise<ExitStatus> {
  const { output, common } = context;
  if (call.from === undefined)
    throw new UsageError(
      `cannot create ${call.name}: --from is missing`,
      "Name the directory of a detached machine, its manifest, or an image.",
    );
  if (!namesManifest(call.from) && call.from !== "." && call.from !== "..") {
    if (!call.edit) return await createFromImage(call, call.from, context);
    throw new UsageError("cannot use --edit with an image", "Change its settings with --set; --show prints them.");
  }
  if (call.keepIdentity || call.fresh !== undefined)
    throw new UsageError(
      "cannot use --keep-identity or --fresh: they need an image",
      "A machine that is attached stays who it is.",
    );
  const given = {
    from: call.from,
    changes: call.set,
    allow: call.allow,
    signal: context.interruptible("the creation"),
  };
  const edited = call.edit ? await edit(call.name, given, context) : undefined;
  const options = { ...given, ...(edited !== undefined && { edited }) };
  const created =
    call.show || call.dryRun
      ? { ...(await planCreateMachine(call.name, options)), isCreated: false }
      : await createMachineAsJob(call.name, { ...options, onJob: context.onJob });
  const { manifest, settings, findings, isCreated } = created;
  const { name, uuid, epoch } = manifest.machine;
  if (common.json) output.document({ name, uuid, epoch, isCreated, settings, findings });
  else {
    if (call.show) output.lines(settings.trimEnd().split("\n"));
    output.lines(renderReport({ findings }));
    if (isCreated) output.lines([`${name} is configured`, `rehome machine attach ${name}, once its files are here`]);
  }
  return findings.length > 0 ? exitStatus.refused : exitStatus.done;
}

async function edit(
  name: string,
  options: Parameters<typeof planCreateMachine>[1],
  { messages }: CommandContext,
): Promise<string> {
  const { settings } = await planCreateMachine(name, options);
  const check = async (edited: string): Promise<readonly HostFinding[]> =>
    (await planCreateMachine(name, { ...options, edited })).findings;
  return await editSettings(name, settings, check, messages);
}
