import type { CaptureWarning, Manifest } from "../../../core/manifest/manifest.ts";
import { streamsOf } from "../../../core/manifest/trees.ts";
import type { ImageName } from "../../../image/store/image-names.ts";
import type { ShownSignature } from "../../../library/images/shown-signatures.ts";
import { countOf, formatBytes, formatCount, formatDuration } from "../../render/quantities.ts";
import { streamColumns } from "../streams.ts";
import { formatTable } from "../../render/table.ts";
import { formatFacts, type Fact } from "../../render/facts.ts";
import { describeSecrets } from "../secrets.ts";
import { formatIsoTime } from "../../render/time.ts";

const shownWarnings = 20;

/** What an image is and needs, in lines for people. */
export function describeImage(
  name: ImageName,
  manifest: Manifest,
  signatures: readonly ShownSignature[],
  width: number,
): string[] {
  const { head, tail } = manifest;
  const facts: Fact[] = [
    ["id", name.image],
    ["signed", signatures.map(describeSignature).join("; ")],
    ["kind", head.kind],
    ...systemFacts(manifest),
    ["captured", `${formatIsoTime(head.capturedAt)} by ${head.writtenBy}, in ${formatDuration(tail.durationMs)}`],
    ["consistency", tail.consistency],
    ["entries", `${formatCount(tail.counts.entries)}, of them ${countOf(tail.counts.files, "file")}`],
    [
      "size",
      `${formatBytes(tail.counts.bytes)}; ${formatBytes(name.newBytes)} were new to the store and take ${formatBytes(name.storedBytes)}`,
    ],
    [
      "mounts",
      head.mounts
        .filter(({ taken }) => taken)
        .map(({ mountPoint, type }) => `${mountPoint} (${type})`)
        .join(", "),
    ],
    ["patterns", head.excludes.join("  ")],
    ["owner shift", head.ownerShift === 0 ? "" : `${head.ownerShift} was taken off all owners`],
    ["packages", describePackages(manifest)],
    [
      "secrets",
      describeSecrets(manifest)
        .map((line) => `${line} (--secrets lists them)`)
        .join(""),
    ],
    ["tree digest", tail.tree.digest],
  ];
  const streams = streamsOf(manifest);
  return [
    `${name.name}:${name.tag}`,
    ...formatFacts(facts, width),
    ...(streams.length > 0 ? ["raw streams:", ...formatTable(streamColumns, streams, width)] : []),
    ...describeWarnings(manifest),
  ];
}

function describeSignature({ name, tag, signer, trusted, label }: ShownSignature): string {
  const who = label === undefined ? signer : `${signer} (${label})`;
  return `as ${name}:${tag} by ${who}${trusted === false ? ", who is no trusted signer" : ""}`;
}

function systemFacts({ head }: Manifest): Fact[] {
  const { osRelease, hostname, architecture, kernels, bootLoader, fileSystems, configuration } = head.facts;
  const { hostFacts } = head;
  return [
    ["system", osRelease?.["PRETTY_NAME"] ?? osRelease?.["NAME"] ?? ""],
    ["host name", hostname ?? ""],
    ["architecture", [architecture, hostFacts?.cpuLevel].filter((text) => text !== undefined).join(", ")],
    ["kernels", kernels.join(", ")],
    ["boot loader", bootLoader === undefined ? "" : `${bootLoader.kind} (${bootLoader.firmware.join(", ")})`],
    ["fstab", fileSystems.map(({ mountPoint, source, type }) => `${mountPoint} (${source}, ${type})`).join(", ")],
    ["nspawn file", configuration?.path ?? ""],
    [
      "host",
      hostFacts === undefined
        ? ""
        : `kernel ${hostFacts.kernelRelease}, ${countOf(hostFacts.cpuCount, "processor")}, ${formatBytes(hostFacts.memoryBytes)} of memory, ${hostFacts.firmware}`,
    ],
    ["disks", (hostFacts?.disks ?? []).map(({ name, sizeBytes }) => `${name} (${formatBytes(sizeBytes)})`).join(", ")],
    [
      "network",
      (hostFacts?.networkInterfaces ?? []).map(({ name, addresses }) => [name, ...addresses].join(" ")).join(", "),
    ],
  ];
}

function describePackages({ head }: Manifest): string {
  const { packages } = head.facts;
  if (packages.length === 0) return "";
  const modified = packages.filter(({ modifiedFiles }) => (modifiedFiles?.length ?? 0) > 0).length;
  return `${formatCount(packages.length)}${modified > 0 ? `, ${formatCount(modified)} with modified files` : ""} (--packages lists them)`;
}

function describeWarnings({ tail }: Manifest): string[] {
  const leftOut = tail.warnings.filter(({ kind }) => kind === "left-out");
  const real = tail.warnings.filter(({ kind }) => kind !== "left-out");
  return [
    ...list(countOf(leftOut.length, "place that was left out", "places that were left out"), leftOut, leftOut.length),
    ...list(countOf(tail.warningCount - leftOut.length, "warning"), real, tail.warningCount - leftOut.length),
  ];
}

function list(title: string, warnings: readonly CaptureWarning[], count: number): string[] {
  if (count === 0) return [];
  const shown = warnings.slice(0, shownWarnings);
  const more = count - shown.length;
  return [
    `${title}:`,
    ...shown.map(({ path, message }) => `  ${path === undefined ? "" : `/${path}: `}${message}`),
    ...(more > 0
      ? [`  and ${formatCount(more)} more${warnings.length > shown.length ? " (--json has them)" : ""}`]
      : []),
  ];
}
