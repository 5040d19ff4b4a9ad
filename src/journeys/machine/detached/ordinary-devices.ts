import type { DeviceNode } from "./detached-manifest.ts";

/** Devices that any program may use without harm to its host: null, zero, full, random, urandom, tty, console, ptmx, fuse, tun. */
const ordinary = new Set(["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2", "10:200", "10:229"]);

/** Says whether a device node may be made in a machine without asking: its numbers are harmless, and nothing sets ids. */
export function isOrdinaryDevice({ kind, major, minor, mode }: DeviceNode): boolean {
  return kind === "character" && ordinary.has(`${major}:${minor}`) && (mode & 0o7000) === 0;
}
