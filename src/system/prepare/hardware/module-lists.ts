import type { Operation } from "../operation.ts";
import { lineChanges } from "../text/edit-lines.ts";
import { at, maxConfigBytes, pathsIn, removals } from "../text/tree-paths.ts";

/** Aliases that installers once wrote for the hardware they found: which driver a disk controller or a card has. */
const hardwareAlias =
  /^\s*(?:alias\s+(?:eth\d+|wlan\d+|tr\d+|scsi_hostadapter\d*|usb-controller\d*|ieee1394-controller|snd-card-\d+|sound-slot-\d+|char-major-116|block-major-\d+)\s|options\s+snd-card-\d+\s|(?:probeall|install)\s+(?:scsi_hostadapter|usb-interface)\b)/;
/** SUSE's list of what the first stage must load. */
const initrdModules = /^\s*INITRD_MODULES=/;

/** Lists of drivers that were true for the old hardware. udev finds the right ones by itself; a stale alias keeps it from that. */
export const moduleLists: Operation<"module-lists"> = {
  name: "module-lists",
  summary: "driver lists of the old hardware",
  policies: ["keep", "reset"],
  examine(tree) {
    const what = "drivers are found by what the hardware says it is";
    const files = [
      ...["etc/modprobe.conf", "etc/modules.conf", "etc/conf.modules"].map(at),
      ...pathsIn(tree, "etc/modprobe.d", /^[^.]/),
    ];
    return {
      changes: [
        ...files.flatMap((path) =>
          lineChanges(path, tree.read(path, maxConfigBytes), what, (line) =>
            hardwareAlias.test(line) ? `# rehome: ${line}` : line,
          ),
        ),
        ...lineChanges(
          at("etc/sysconfig/kernel"),
          tree.read(at("etc/sysconfig/kernel"), maxConfigBytes),
          what,
          (line) => (initrdModules.test(line) ? 'INITRD_MODULES=""' : line),
        ),
        ...removals(tree, [at("etc/sysconfig/hwconf")], "what kudzu found in the old hardware"),
      ],
    };
  },
};
