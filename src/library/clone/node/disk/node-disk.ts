import { open } from "node:fs/promises";
import { crashPoint } from "../../../../core/crash-points.ts";
import { RehomeError, throwIfInterrupted } from "../../../../core/errors.ts";
import { streamsOf } from "../../../../core/manifest/trees.ts";
import type { TreePath } from "../../../../core/tree/byte-string.ts";
import { diskPorts } from "../../../../host/disk/disk-ports.ts";
import { errnoNameOf } from "../../../../host/system-call-error.ts";
import { linuxTreeReader } from "../../../../host/tree/linux-tree-reader.ts";
import { readTree } from "../../../../image/tree-index/tree-index-reader.ts";
import type { SeenSession } from "../../../../journeys/clone/node/look-at-session.ts";
import type { NodeIndex } from "../../../../journeys/clone/node/node-index.ts";
import type { NodeSession } from "../../../../journeys/clone/node/node-session.ts";
import type { ArrivingImage, ComingImage } from "../../../../journeys/clone/node/receive-image.ts";
import { WrittenFiles } from "../../../../journeys/clone/node/written-files.ts";
import { buildSteps } from "../../../../system/disk/build/build-steps.ts";
import { KeptTree, mountTree } from "../../../../system/disk/build/mounted-tree.ts";
import type { BuildRequest } from "../../../../system/disk/build/request.ts";
import type { UsageByMountPoint } from "../../../../system/disk/plan/disk-room.ts";
import { measureUsage } from "../../../../system/disk/source/measure-usage.ts";
import { findUnfinished } from "../../../../system/restore/stage.ts";
import { tellKernel } from "../../../disk/tell-kernel.ts";
import { tryLock } from "../../../restore/restore-ports.ts";
import type { StreamPlace } from "../../../restore/streams/plan-targets.ts";
import type { JoinSessionOptions } from "../join-session.ts";
import { writeRawStreams, type RawChoices, type RawNotices } from "../raw-streams.ts";
import type { BesideOptions } from "../store-beside.ts";
import type { DiskProgress, DiskRecord } from "./disk-record.ts";
import type { FormerJoin } from "./former-join.ts";
import {
  bootRecordBytes,
  planNodeDisks,
  type KnownImage,
  type NodeDiskChoices,
  type NodeDisks,
} from "./plan-node-disks.ts";
import { receivedDisk } from "./received-disk.ts";

/** How to join a session with disks as target. */
export interface JoinDiskOptions extends JoinSessionOptions, BesideOptions, NodeDiskChoices, RawChoices {}

/** Who wants to know what is about to be done with disks; each is waited for before it is done. */
export interface NodeDiskNotices extends RawNotices {
  /** The file systems of the disks are mounted from now on, below the work directory of the request. */
  readonly mounting?: (request: BuildRequest) => Promise<void>;
}

/** The disks of a node, while it is in a session. */
export class NodeDisk {
  readonly #options: JoinDiskOptions;
  readonly #record: DiskRecord;
  readonly #notices: NodeDiskNotices;
  readonly #seen: SeenSession;
  /** What is on the disks is of an earlier run of the same join. */
  readonly #isBegun: boolean;
  #disks: NodeDisks;
  #progress: DiskProgress | undefined;
  #files: WrittenFiles | undefined;

  constructor(
    options: JoinDiskOptions,
    record: DiskRecord,
    notices: NodeDiskNotices,
    { seen, disks, former, isBegun }: { seen: SeenSession; disks: NodeDisks } & FormerJoin,
  ) {
    this.#options = options;
    this.#record = record;
    this.#notices = notices;
    this.#seen = seen;
    this.#disks = disks;
    this.#progress = former;
    this.#isBegun = isBegun;
  }

  get devices(): readonly { readonly disk: string; readonly path: string }[] {
    return this.#disks.targets.map(({ disk, path }) => ({ disk, path }));
  }

  /** What of the tree a killed join has written. */
  async doneUpTo(): Promise<TreePath | undefined> {
    const done = this.#progress?.done ?? [];
    if (!done.includes("make-file-systems") || done.includes("restore")) return undefined;
    const request = this.#requestFor("");
    await this.#notices.mounting?.(request);
    await using tree = await mountTree(request, diskPorts, this.#options.signal);
    const found = findUnfinished(tree.directory, tryLock).find(({ image }) => image === this.#seen.image);
    return found?.doneUpTo as TreePath | undefined;
  }

  frame(frame: number): Buffer | undefined {
    return this.#files?.frame(frame);
  }

  /** Does what is not done yet. */
  async receive(
    session: NodeSession,
    arriving: ArrivingImage,
    index: NodeIndex,
    threads: Parameters<typeof receivedDisk>[0]["threads"],
    places: readonly StreamPlace[],
  ): Promise<DiskProgress> {
    const { signal, onProgress = () => undefined, paths } = this.#options;
    let progress = this.#progress ?? (await this.#begin(session, arriving));
    const { head } = arriving;
    const request = this.#requestFor(head.facts.osRelease?.["PRETTY_NAME"] ?? head.name);
    const keep = (more: Partial<DiskProgress>): void => {
      progress = { ...progress, ...more };
      this.#record.write(progress);
    };
    const source = receivedDisk({
      session,
      arriving,
      threads,
      request,
      onProgress,
      signal,
      paths,
      writeStreams: async () =>
        await writeRawStreams(await arriving.whole, places, this.#options.mayErase ?? [], {
          log: (line) => session.log(line),
          notices: this.#notices,
          onProgress,
          signal,
        }),
      progress: () => progress,
      onMounted: (directory) => {
        this.#files = new WrittenFiles(linuxTreeReader(), index, directory);
      },
      onWritten: (facts) => {
        progress = { ...progress, ...facts };
      },
    });
    await this.#notices.mounting?.(request);
    await using kept = new KeptTree(request, diskPorts);
    for (const { name, title, run } of buildSteps(request, source, diskPorts, kept)) {
      throwIfInterrupted(signal, title);
      if (progress.done.includes(name)) continue;
      if (name === "boot-loader" && progress.isSystem !== true) {
        session.log("no boot loader: the image holds no system");
        continue;
      }
      session.log(title);
      if (name === "sync") await flush(request.paths.values());
      try {
        await run(signal);
      } catch (error) {
        if (isOfNoRoom(error)) {
          session.log("what came does not fit: the same join divides the disks anew, by what is known then");
          keep({ isTooSmall: true });
        }
        throw error;
      }
      if (name === "check") {
        await kept[Symbol.asyncDispose]();
        this.#writeBootRecords(request);
      }
      keep({ done: [...progress.done, name] });
      crashPoint(`clone.disk-${name}`);
    }
    await tellKernel(this.#disks.targets, { log: (line) => session.log(line), signal });
    session.log(`verified ${this.devices.map(({ path }) => path).join(", ")}`);
    return progress;
  }

  /** From here on the disks are another's: what they held cannot be brought back. */
  async #begin(session: NodeSession, arriving: ArrivingImage): Promise<DiskProgress> {
    const known = this.#options.layout === undefined ? undefined : knownImage(await arriving.whole);
    // Of what was captured meanwhile nothing could be taken in before that.
    if (known !== undefined && session.growing !== undefined) await arriving.ask(() => true);
    // Looked at again: the session may have waited for long.
    const planning = { isBegun: this.#isBegun, ...(known && { known }) };
    const { erases, ...disks } = await planNodeDisks(this.#seen, this.#options, planning);
    for (const [device, held] of Object.entries(erases))
      session.log(`erasing ${device}${held.length === 0 ? "" : `, which held ${held.join(", ")}`}`);
    this.#disks = disks;
    for (const { path } of disks.targets) await this.#notices.erasing?.(path);
    const progress = { formatVersion: 1 as const, image: session.image, disks, done: [] };
    this.#record.write(progress);
    crashPoint("clone.disk-begun");
    return progress;
  }

  #requestFor(systemName: string): BuildRequest {
    const { plan, targets, firmware, passphraseFiles = {} } = this.#disks;
    return {
      plan,
      firmware,
      systemName,
      paths: new Map(targets.map(({ disk, path }) => [disk, path])),
      workDirectory: this.#record.workDirectory,
      // A real computer's system says itself where its console is.
      hasSerialConsole: false,
      passphraseFiles: new Map(Object.entries(passphraseFiles)),
    };
  }

  #writeBootRecords({ paths }: BuildRequest): void {
    for (const [disk, record] of Object.entries(this.#disks.bootRecords)) {
      const path = paths.get(disk);
      if (path !== undefined)
        diskPorts.files.writeAt(path, 0, Buffer.from(record, "base64").subarray(0, bootRecordBytes));
    }
  }
}

/** A file system is full, whichever thread wrote to it. */
function isOfNoRoom(error: unknown): boolean {
  return errnoNameOf(error) === "ENOSPC" || (error instanceof RehomeError && error.code === "NO_SPACE");
}

function knownImage({ manifest, chunks }: ComingImage): KnownImage {
  const measure = (mountPoints: readonly string[]): Promise<UsageByMountPoint> =>
    measureUsage(readTree(chunks, manifest.tail.tree), [...new Set(mountPoints)]);
  return { streams: streamsOf(manifest), measure };
}

/** Writes out what devices have to write, in other threads: the golden node takes one for lost that says nothing meanwhile. */
async function flush(devices: Iterable<string>): Promise<void> {
  for (const device of devices) {
    await using file = await open(device, "r");
    await file.sync();
  }
}
