import { bootEntry } from "./boot/boot-entry.ts";
import { bootLoader } from "./boot/boot-loader.ts";
import { initramfs } from "./boot/initramfs.ts";
import { selinux } from "./boot/selinux.ts";
import { userPrograms } from "./boot/user-programs.ts";
import { deviceReferences } from "./hardware/device-references.ts";
import { moduleLists } from "./hardware/module-lists.ts";
import { networkNames } from "./hardware/network-names.ts";
import { dhcp } from "./identity/dhcp.ts";
import { firstBoot } from "./identity/first-boot.ts";
import { hostname } from "./identity/hostname.ts";
import { leftovers } from "./identity/leftovers.ts";
import { machineId } from "./identity/machine-id.ts";
import { randomSeed } from "./identity/random-seed.ts";
import { sshHostKeys } from "./identity/ssh-host-keys.ts";
import type { Operation } from "./operation.ts";

/** All operations in the order they run: who the system is, what it runs on, how it starts, and what the user wants done last. */
export const operations: readonly Operation[] = [
  leftovers,
  firstBoot,
  machineId,
  hostname,
  sshHostKeys,
  dhcp,
  randomSeed,
  networkNames,
  moduleLists,
  deviceReferences,
  bootLoader,
  bootEntry,
  initramfs,
  selinux,
  userPrograms,
];
