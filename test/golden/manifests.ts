import type { Manifest } from "../../src/core/manifest/manifest.ts";
import type { Piece } from "../../src/core/tree/entry.ts";
import { idOf } from "./samples.ts";

/** A manifest with every part that a reader relies on. */
export const manifest: Manifest = {
  formatVersion: 1,
  head: {
    kind: "machine",
    name: "web",
    capturedAt: "2026-11-20T10:00:00.000Z",
    writtenBy: "rehome 0.1.0",
    facts: {
      osRelease: { ID: "debian", VERSION_ID: "12" },
      hostname: "web",
      architecture: "x86_64",
      kernels: ["6.1.0-28-amd64"],
      packages: [
        {
          manager: "dpkg",
          name: "libc6",
          version: "2.36-9+deb12u9",
          architecture: "amd64",
          license: "LGPL-2.1",
          modifiedFiles: ["etc/ld.so.conf"],
        },
      ],
      fileSystems: [{ source: "UUID=1", mountPoint: "/", type: "ext4", options: "defaults" }],
      bootLoader: { kind: "grub", firmware: ["bios", "uefi"] },
      configuration: { path: "web.nspawn", text: "[Exec]\nBoot=yes\n" },
    },
    excludes: ["var/cache/**"],
    mounts: [{ mountPoint: "/srv", source: "/dev/sdb1", type: "ext4", taken: false, reason: "removable medium" }],
    ownerShift: 65_536,
  },
  tail: {
    tree: { table: [{ id: idOf("table"), lengthBytes: 1_234 }], digest: idOf("digest") },
    counts: { entries: 10, files: 2, bytes: 4_194_305 },
    consistency: "application",
    warnings: [{ kind: "vanished", path: "var/run/x", message: "it was removed or replaced while the tree was read" }],
    warningCount: 1,
    durationMs: 1_500,
  },
};

/** A manifest of an image without the contents of its secrets. */
export const manifestWithSecrets: Manifest = {
  ...manifest,
  tail: {
    ...manifest.tail,
    secrets: {
      contents: "left-out",
      count: 2,
      files: [
        { path: "etc/shadow", kind: "password-hashes" },
        { path: String.raw`srv/\xff\n.env`, kind: "token" },
      ],
    },
  },
};

/** A manifest of an image with a raw partition. */
export const manifestWithStreams: Manifest = {
  ...manifest,
  formatVersion: 2,
  tail: {
    ...manifest.tail,
    streams: {
      index: { table: [{ id: idOf("stream table"), lengthBytes: 120 }], digest: idOf("stream segments") },
      list: [
        {
          name: "sda1",
          source: "/dev/sda1",
          kind: "device",
          sizeBytes: 67_108_864 + 1_000_448,
          dataBytes: 262_144 + 17_408,
          digest: "2dc2ccfee9d8bba8d369aecf5b84bfffabb9190584ae8b5ef5cd23765746bd2d",
          consistency: "filesystem",
          holds: ["ntfs"],
        },
      ],
    },
  },
};

/** The spans of that partition, as its index has them: their lengths and pieces. */
export const streamSpans: readonly { readonly lengthBytes: number; readonly pieces: readonly Piece[] }[] = [
  {
    lengthBytes: 67_108_864,
    pieces: [
      { kind: "chunk", id: idOf("first"), lengthBytes: 262_144 },
      { kind: "hole", lengthBytes: 67_108_864 - 262_144 },
    ],
  },
  {
    lengthBytes: 1_000_448,
    pieces: [
      { kind: "hole", lengthBytes: 983_040 },
      { kind: "chunk", id: idOf("last"), lengthBytes: 17_408 },
    ],
  },
];
