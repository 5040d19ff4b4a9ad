import type { HostFacts } from "../../../core/manifest/manifest.ts";
import { parseCpuFacts } from "./cpu.ts";
import { parseDisks } from "./disks.ts";
import { describeNetworkInterfaces, type ObservedInterface } from "./network-interfaces.ts";

/** What a host shows of itself, as its kernel and tools write it. A tool that is missing leaves its output out. */
export interface HostObservations {
  readonly kernelRelease: string;
  /** As `uname -m` names it. */
  readonly machine: string;
  /** The text of `/proc/cpuinfo`. */
  readonly cpuInfo: string;
  /** Processors this process may use, for where `/proc/cpuinfo` does not count them. */
  readonly processorCount: number;
  readonly memoryBytes: number;
  /** Whether `/sys/firmware/efi` is there. */
  readonly hasEfi: boolean;
  /** Output of `lsblk --json --bytes`. */
  readonly lsblkJson?: string;
  /** Output of `pvs --reportformat json`. */
  readonly pvsJson?: string;
  readonly interfaces: readonly ObservedInterface[];
  /** Output of `ip -json -details address`. */
  readonly ipJson?: string;
}

/** The facts of a host from what it shows. */
export function describeHost(seen: HostObservations): HostFacts {
  const cpu = parseCpuFacts(seen.cpuInfo);
  return {
    kernelRelease: seen.kernelRelease,
    architecture: seen.machine,
    ...cpu,
    cpuCount: cpu.cpuCount > 0 ? cpu.cpuCount : seen.processorCount,
    memoryBytes: seen.memoryBytes,
    firmware: seen.hasEfi ? "uefi" : "bios",
    disks: parseDisks(seen.lsblkJson ?? "", seen.pvsJson),
    networkInterfaces: describeNetworkInterfaces(seen.interfaces, seen.ipJson),
  };
}
