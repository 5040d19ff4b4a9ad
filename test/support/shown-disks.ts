import { addConsoleService } from "./console-service.ts";

// Each line is written whole and begins with a mark: systemd writes to the same console meanwhile.
const program = `#!/bin/sh
exec >/dev/ttyS0
mark() { while IFS= read -r line; do echo "$1$line"; done; }
lsblk --json --bytes --output NAME,TYPE,SIZE,MODEL,SERIAL,PTTYPE,PARTTYPE,PARTUUID,START,FSTYPE,UUID,LABEL,MOUNTPOINTS | mark "shown by lsblk: "
lvm pvs --reportformat json --options pv_name,vg_name 2>/dev/null | mark "shown by pvs: "
`;

/** Makes a system with systemd show its block devices on its first serial port before it asks who logs in. */
export function showDisksIn(tree: string): void {
  addConsoleService(tree, "/usr/local/sbin/show-disks", program, "local-fs.target swap.target");
}

/** What lsblk and pvs said in a system that {@link showDisksIn} changed, from its console. */
export function readShownDisks(console: string): { readonly lsblkJson: string; readonly pvsJson: string } {
  const linesOf = (mark: string): string =>
    [...console.matchAll(new RegExp(`shown by ${mark}: (.*)$`, "gm"))].map(([, line = ""]) => line).join("\n");
  return { lsblkJson: linesOf("lsblk"), pvsJson: linesOf("pvs") };
}
