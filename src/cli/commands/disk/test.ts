import { exitStatus, type ExitStatus } from "../../../core/exit-status.ts";
import { testDisk } from "../../../library/disk/test-disk.ts";
import { BootTestError } from "../../../system/disk/boot-test/test-boot.ts";
import type { CommandContext } from "../../command-context.ts";
import type { DiskTestCall } from "../../definition/index.ts";
import { formatDuration } from "../../render/quantities.ts";

/** `rehome disk test`. */
export async function runDiskTest(call: DiskTestCall, context: CommandContext): Promise<ExitStatus> {
  const { output, messages, common } = context;
  const { bus, firmware, cpus, memory, timeout } = call;
  try {
    const { computer, durationMs, console } = await testDisk(call.disk, {
      ...(bus && { bus }),
      ...(firmware && { firmware }),
      ...(cpus !== undefined && { processorCount: cpus }),
      ...(memory !== undefined && { memoryBytes: memory }),
      ...(timeout !== undefined && { timeoutMs: timeout * 1000 }),
      isSecureBoot: call.secureBoot,
      luksPassphraseFiles: call.luksPassphraseFile,
      signal: context.interruptible("the start"),
    });
    messages.detail(console.trimEnd());
    if (common.json) {
      const { disk, format, bus: hangsOn, firmware: by, isSecureBoot } = computer;
      output.document({ disk, format, bus: hangsOn, firmware: by, isSecureBoot, durationMs, console });
    } else {
      const how = `${computer.firmware}, ${computer.bus}${computer.isSecureBoot ? ", Secure Boot" : ""}`;
      output.line(`${computer.disk} came to a login prompt in ${formatDuration(durationMs)} (${how})`);
    }
    return exitStatus.done;
  } catch (error) {
    if (error instanceof BootTestError) messages.detail(error.console.trimEnd());
    throw error;
  }
}
