import { readFileSync } from "node:fs";
import { UsageError } from "../../../core/errors.ts";
import { assertReadable, type CloneDisks } from "../../../library/clone/golden/disk-order.ts";
import { readBootRecord } from "../../../library/clone/golden/golden-disks.ts";
import { readDescFile } from "../../../library/disk/layouts.ts";
import type { CloneServeCall } from "../../definition/index.ts";

/** What `clone serve` was told of the disks of nodes; nothing if it was told nothing. @throws {UsageError} */
export function disksOf(call: CloneServeCall): { readonly disks?: CloneDisks } {
  const { desc, layout, bootRecord, yesEraseAll } = call;
  if (desc.length > 0 && layout !== undefined)
    throw new UsageError("cannot use --desc and --layout together", "Give one of them.");
  const descs = desc.map(readDescFile);
  const nameless = descs.find(({ disk }) => disk === undefined);
  if (nameless)
    throw new UsageError(
      `cannot use the desc file "${nameless.file}": no disk is named for it`,
      "Give -p DISK FILE, such as -p sda desc.",
    );
  const leftOut = leftOutOf(call);
  const disks: CloneDisks = {
    ...(descs.length > 0 && { descs }),
    ...(layout !== undefined && { layout: { file: layout, text: readFileSync(layout, "utf8") } }),
    ...(leftOut.length > 0 && { leftOut }),
    ...(bootRecord.length > 0 && {
      bootRecords: Object.fromEntries(bootRecord.map((disk) => [disk, readBootRecord(disk)])),
    }),
    ...(yesEraseAll && { mayErase: true }),
  };
  assertReadable(disks);
  return Object.keys(disks).length > 0 ? { disks } : {};
}

/** The disks that are left out, in the words of the KA method. */
export function leftOutOf({ leaveOut }: Pick<CloneServeCall, "leaveOut">): string[] {
  return leaveOut.flatMap((list) => list.split("|")).filter((name) => name !== "");
}
