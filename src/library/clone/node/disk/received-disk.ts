import { diskPorts } from "../../../../host/disk/disk-ports.ts";
import { openDeviceTarget } from "../../../../host/disk/stream-target.ts";
import { type TreePath } from "../../../../core/tree/byte-string.ts";
import { createdHome, pathOf, type BuildRequest, type BuildSource } from "../../../../system/disk/build/request.ts";
import {
  mountsOf,
  type DiskPlan,
  type PlannedDisk,
  type PlannedPartition,
} from "../../../../system/disk/plan/disk-plan.ts";
import { findStaleReferences, findSuccessions } from "../../../../system/prepare/references/index.ts";
import { findUnfinished } from "../../../../system/restore/stage.ts";
import type { WrittenTree } from "../../../../system/restore/run.ts";
import { restoreStream } from "../../../restore/streams/restore-stream.ts";
import { tryLock } from "../../../restore/restore-ports.ts";
import { fillTree, type TreeArrival } from "../fill-tree.ts";
import { settleCopy } from "../settle-copy.ts";
import type { DiskProgress } from "./disk-record.ts";

/** A tree that comes in, and the disks that it is written to. */
export interface DiskArrival extends Pick<TreeArrival, "session" | "arriving" | "threads" | "onProgress" | "signal"> {
  readonly request: BuildRequest;
  /** Writes streams to other places of the node. */
  readonly writeStreams: () => Promise<void>;
  /** What came of the steps before. */
  readonly progress: () => DiskProgress;
  /** Told where the tree is mounted while it can be read from there. */
  readonly onMounted: (directory: string) => void;
  /** Told what the tree is, once it is written and read back. */
  readonly onWritten: (facts: Required<Pick<DiskProgress, "written" | "fstab" | "isSystem">>) => void;
  readonly paths: Parameters<typeof settleCopy>[2]["paths"];
}

const maxFstabBytes = 1024 * 1024;

/** Disks that are filled with what comes through a chain: the tree, then raw streams; it is read back before anything is prepared. */
export function receivedDisk(arrival: DiskArrival): BuildSource {
  const { request, session, arriving, signal } = arrival;
  const created = createdHome(request.plan);
  const oldDisks = arriving.head.hostFacts?.disks ?? [];
  return {
    // Their blocks come after those of the tree: they are written then.
    async *readStream() {},
    async restore(directory) {
      const written = await fill(directory, arrival);
      await writeRawPartitions(arrival);
      await arrival.writeStreams();
      using tree = diskPorts.openTree(directory);
      arrival.onWritten({
        written,
        fstab: tree.read("etc/fstab" as TreePath, maxFstabBytes) ?? "",
        isSystem: tree.stat("etc" as TreePath)?.kind === "directory",
      });
    },
    async prepare(directory) {
      const newHome = { ...created, oldDisks, isComplete: true };
      await settleCopy(directory, session.settlement, {
        log: (line) => session.log(line),
        signal,
        paths: arrival.paths,
        newHome,
      });
    },
    findStale(text) {
      // What was not prepared leads where it led before.
      if (!isPrepared(arrival)) return [];
      const { fstab = "" } = arrival.progress();
      return findStaleReferences(text, findSuccessions({ fstab, disks: oldDisks }, created.fileSystems));
    },
    // It was read back before it was prepared.
    verify: () => Promise.resolve(),
    finish: () => undefined,
  };
}

function isPrepared({ session, progress }: DiskArrival): boolean {
  return progress().isSystem === true && ["reset", "keep"].includes(session.settlement.identity);
}

async function fill(directory: string, arrival: DiskArrival): Promise<WrittenTree> {
  const { session, arriving, threads, onProgress, signal, request } = arrival;
  const resumes = findUnfinished(directory, tryLock).find((each) => each.image === session.image && each.path === "");
  arrival.onMounted(directory);
  return await fillTree({
    // What is there are mount points, and what an earlier run left.
    plan: { version: 1, mode: "in-place", target: directory, root: directory, stage: undefined, resumes, steps: [] },
    session,
    arriving,
    holdsOther: false,
    isInFiles: () => false,
    isVerified: () => false,
    settle: () => Promise.resolve(),
    mountPoints: mountedBelow(request.plan),
    threads,
    onProgress,
    signal,
  });
}

/** A vfat is filled at the end, and a plain directory before. */
function mountedBelow(plan: DiskPlan): string[] {
  return mountsOf(plan).flatMap(({ mountPoint, content }) =>
    mountPoint === "/" || content.type === "vfat" ? [] : [mountPoint],
  );
}

/** The partitions of a plan that take a raw stream each. */
export function rawPartitionsOf({ disks }: DiskPlan): {
  readonly disk: PlannedDisk;
  readonly partition: PlannedPartition;
  readonly stream: string;
}[] {
  return disks.flatMap((disk) =>
    disk.partitions.flatMap((partition) =>
      partition.content.kind === "raw" ? [{ disk, partition, stream: partition.content.stream }] : [],
    ),
  );
}

async function writeRawPartitions({ request, session, arriving, onProgress, signal }: DiskArrival): Promise<void> {
  const coming = await arriving.whole;
  const { sectorBytes } = request.plan;
  for (const { disk, partition, stream } of rawPartitionsOf(request.plan)) {
    session.log(`writing stream ${stream} to partition ${partition.number} of ${pathOf(request, disk)}`);
    const [start, length] = [partition.startSector * sectorBytes, partition.sectorCount * sectorBytes];
    await using part = await diskPorts.attach(pathOf(request, disk), start, length, signal);
    {
      using target = openDeviceTarget(part.device);
      await restoreStream(coming, coming, stream, target, { onProgress, signal });
    }
    part.sync();
  }
}
