import { displayBytes, type ByteString } from "../../core/tree/byte-string.ts";
import { linuxTreeReader } from "../../host/tree/linux-tree-reader.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import type { DetachedMachine, DeviceNode } from "../../journeys/machine/detached/detached-manifest.ts";
import { elfHeaderBytes, parseElfArchitecture } from "../../system/facts/index.ts";
import { openRootedFiles } from "../../host/facts/index.ts";
import { isTrouble, walkTree } from "../../system/tree/walk.ts";
import type { TreePath } from "../../core/tree/byte-string.ts";

/** What a machine's tree shows of what it needs. */
export interface TreeSurvey extends Pick<DetachedMachine, "bytes" | "architecture" | "uidRange"> {
  readonly devices: readonly DeviceNode[];
}

const uidRangeCount = 65_536;
const programs = ["bin/sh", "usr/bin/sh", "usr/lib/systemd/systemd", "sbin/init", "bin/busybox"];

/** Looks at every entry of a machine's tree, and reads the head of one program. A tree that may not be read shows nothing. */
export function surveyTree(directory: string): TreeSurvey {
  const tree = linuxTreeReader();
  const devices: DeviceNode[] = [];
  let bytes = 0;
  let rootUid = 0;
  try {
    for (const item of walkTree(tree, tree.openRoot(directory), () => "take")) {
      if (isTrouble(item)) continue;
      const { path, stat } = item;
      if (path === "") rootUid = stat.uid;
      bytes += stat.linkCount > 1 && stat.kind === "file" ? stat.allocatedBytes / stat.linkCount : stat.allocatedBytes;
      if (stat.kind === "character-device" || stat.kind === "block-device")
        devices.push({
          path: displayBytes(path),
          kind: stat.kind === "block-device" ? "block" : "character",
          major: stat.nodeMajor,
          minor: stat.nodeMinor,
          mode: stat.mode & 0o7777,
          uid: stat.uid,
          gid: stat.gid,
        });
    }
  } catch (error) {
    if (errnoNameOf(error) !== "EACCES") throw error;
    return { bytes: 0, devices: [] };
  }
  const architecture = architectureOf(directory);
  return {
    bytes: Math.ceil(bytes),
    devices,
    ...(architecture !== undefined && { architecture }),
    ...(rootUid >= uidRangeCount && { uidRange: { start: rootUid, count: uidRangeCount } }),
  };
}

function architectureOf(directory: string): string | undefined {
  using files = openRootedFiles(directory, () => undefined);
  for (const path of programs) {
    const architecture = parseElfArchitecture(files.readStart(path as TreePath, elfHeaderBytes) ?? ("" as ByteString));
    if (architecture !== undefined) return architecture;
  }
  return undefined;
}
