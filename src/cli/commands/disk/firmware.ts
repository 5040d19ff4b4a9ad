import type { Firmware } from "../../../system/disk/plan/layout-check.ts";
import type { FirmwareChoice } from "../../definition/index.ts";

/** Every firmware that a choice stands for; none where nothing was chosen. */
export function firmwareOf(choice: FirmwareChoice | undefined): readonly Firmware[] {
  if (choice === undefined) return [];
  return choice === "both" ? ["bios", "uefi"] : [choice];
}
