import { open } from "node:fs/promises";
import { hostname } from "node:os";
import { crashPoint } from "../../../../core/crash-points.ts";
import { throwIfInterrupted } from "../../../../core/errors.ts";
import type { TreePath } from "../../../../core/tree/byte-string.ts";
import { diskPorts } from "../../../../host/disk/disk-ports.ts";
import { linuxTreeReader } from "../../../../host/tree/linux-tree-reader.ts";
import { readTree } from "../../../../image/tree-index/tree-index-reader.ts";
import { defaultPort } from "../../../../journeys/clone/link/chain-port.ts";
import { lookAtSession, type SeenSession } from "../../../../journeys/clone/node/look-at-session.ts";
import { SessionRefusedError } from "../../../../journeys/clone/errors.ts";
import type { NodeIndex } from "../../../../journeys/clone/node/node-index.ts";
import type { NodeSession } from "../../../../journeys/clone/node/node-session.ts";
import type { ArrivingImage, ComingImage } from "../../../../journeys/clone/node/receive-image.ts";
import { WrittenFiles } from "../../../../journeys/clone/node/written-files.ts";
import { parseToken } from "../../../../journeys/clone/wire/token.ts";
import { buildSteps } from "../../../../system/disk/build/build-steps.ts";
import { KeptTree, mountTree } from "../../../../system/disk/build/mounted-tree.ts";
import type { BuildRequest } from "../../../../system/disk/build/request.ts";
import { measureUsage } from "../../../../system/disk/source/measure-usage.ts";
import { findUnfinished } from "../../../../system/restore/stage.ts";
import { tellKernel } from "../../../disk/tell-kernel.ts";
import { makeCheckThreads } from "../../../images/compare.ts";
import { tryLock } from "../../../restore/restore-ports.ts";
import type { StreamPlace } from "../../../restore/streams/plan-targets.ts";
import { choosePaths, type Paths } from "../../../settings/settings.ts";
import { makeWriteThreads } from "../../../settings/write-pool.ts";
import { joinSession, type JoinSessionOptions, type ReceivedTree } from "../join-session.ts";
import { chooseRawPlaces, writeRawStreams, type RawChoices } from "../raw-streams.ts";
import { doThen, type CloneThen } from "../settle-copy.ts";
import { DiskRecord, readDiskProgress, type DiskProgress } from "./disk-record.ts";
import { bootRecordBytes, devicesOf, planNodeDisks, type NodeDiskChoices, type NodeDisks } from "./plan-node-disks.ts";
import { rawPartitionsOf, receivedDisk } from "./received-disk.ts";

/** How to join a session with disks as target. */
export interface CloneJoinDiskOptions extends JoinSessionOptions, NodeDiskChoices, RawChoices {
  /** What to do once the golden node lets this node go. Default: stay. */
  readonly afterwards?: CloneThen;
}

/** What the disks of a node got. */
export interface CloneJoinDiskResult extends ReceivedTree {
  readonly devices: readonly { readonly disk: string; readonly path: string }[];
}

/**
 * Joins a session and makes disks of this node that start of it: divides them, makes file systems, writes the image into these while it
 * comes in and is passed on, reads it back, prepares it as the golden node says, and installs a boot loader. Serves those behind it until
 * the golden node ends the session. What is refused is refused before the session counts this node, and before anything is changed; the
 * same call after a failure or kill goes on.
 *
 * @throws {SessionRefusedError} @throws {LayoutRefusedError} @throws {DeviceRefusedError} @throws {TargetDiffersError}
 * @throws {CopyNotPreparedError} @throws {BootLoaderError} @throws {DiskNotCleanError} @throws {UsageError}
 */
export async function cloneJoinDisk(options: CloneJoinDiskOptions): Promise<CloneJoinDiskResult> {
  const startedAtMs = Date.now();
  const { paths = choosePaths() } = options;
  using record = await DiskRecord.hold(paths, devicesOf(options));
  const seen = await seeSession(options);
  const former = await formerJoin(paths, options, seen);
  const planned = await planNodeDisks(seen, options, { isBegun: former !== undefined });
  const places = await chooseRawPlaces(options);
  const disks = former?.disks ?? planned;
  const node = new NodeDisk(options, record, { seen, disks, former });
  const doneUpTo = await node.doneUpTo();
  await using write = makeWriteThreads();
  await using check = makeCheckThreads();
  for (const threads of [write, check]) threads.start();
  const hasTree = former?.done.includes("restore") === true;
  const { result, ...received } = await joinSession(options, {
    takes(image) {
      if (image !== seen.image) throw new SessionRefusedError("session", "it has begun anew with another image");
      // They are written before the tree counts as written.
      const raw = [...rawPartitionsOf(disks.plan).map(({ stream }) => stream), ...places.map(({ name }) => name)];
      const streams = hasTree ? [] : raw;
      return { isFresh: !hasTree && doneUpTo === undefined, hasTree, doneUpTo, streams };
    },
    fromFiles: (frame) => Promise.resolve(node.frame(frame)),
    receive: async (session, arriving, index) => await node.receive(session, arriving, index, { write, check }, places),
    released: (log) => doThen(options.afterwards ?? { kind: "stay" }, node.devices[0]?.path ?? "", log),
  });
  record.remove();
  return {
    ...received,
    devices: node.devices,
    resumed: former !== undefined,
    losses: result.written?.losses ?? [],
    lossCount: result.written?.lossCount ?? 0,
    durationMs: Date.now() - startedAtMs,
  };
}

/** Looks what a session is about, before it is joined. @throws {SessionRefusedError} @throws {GoldenNodeUnreachableError} */
export async function seeSession(options: JoinSessionOptions, once = false): Promise<SeenSession> {
  const { session, token, from, port, name, onLine = () => undefined, signal } = options;
  const place = from === undefined ? undefined : { host: from, port: port ?? defaultPort };
  const golden = { session, token: parseToken(token), place };
  return await lookAtSession({ golden, name: name ?? hostname(), once, onLine, signal });
}

/** What an earlier join did to the same devices for the same image. */
export async function formerJoin(
  paths: Paths,
  choices: NodeDiskChoices,
  { image }: SeenSession,
): Promise<DiskProgress | undefined> {
  const former = await readDiskProgress(paths, devicesOf(choices));
  return former?.image === image ? former : undefined;
}

/** Writes out what devices have to write, in other threads: the golden node takes one for lost that says nothing meanwhile. */
async function flush(devices: Iterable<string>): Promise<void> {
  for (const device of devices) {
    await using file = await open(device, "r");
    await file.sync();
  }
}

/** The disks of a node, while it is in a session. */
class NodeDisk {
  readonly #options: CloneJoinDiskOptions;
  readonly #record: DiskRecord;
  readonly #seen: SeenSession;
  #disks: NodeDisks;
  #progress: DiskProgress | undefined;
  #files: WrittenFiles | undefined;

  constructor(
    options: CloneJoinDiskOptions,
    record: DiskRecord,
    { seen, disks, former }: { seen: SeenSession; disks: NodeDisks; former: DiskProgress | undefined },
  ) {
    this.#options = options;
    this.#record = record;
    this.#seen = seen;
    this.#disks = disks;
    this.#progress = former;
  }

  get devices(): readonly { readonly disk: string; readonly path: string }[] {
    return this.#disks.targets.map(({ disk, path }) => ({ disk, path }));
  }

  /** What of the tree a killed join has written. */
  async doneUpTo(): Promise<TreePath | undefined> {
    const done = this.#progress?.done ?? [];
    if (!done.includes("make-file-systems") || done.includes("restore")) return undefined;
    await using tree = await mountTree(this.#requestFor(""), diskPorts, this.#options.signal);
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
    const coming = await arriving.whole;
    let progress = this.#progress ?? (await this.#begin(session, coming));
    const { head } = coming.manifest;
    const request = this.#requestFor(head.facts.osRelease?.["PRETTY_NAME"] ?? head.name);
    const keep = (more: Partial<DiskProgress>): void => {
      progress = { ...progress, ...more };
      this.#record.write(progress);
    };
    const source = receivedDisk({
      session,
      arriving,
      coming,
      threads,
      request,
      onProgress,
      signal,
      paths,
      writeStreams: async () =>
        await writeRawStreams(coming, places, this.#options.mayErase ?? [], {
          log: (line) => session.log(line),
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
      await run(signal);
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
  async #begin(session: NodeSession, coming: ComingImage): Promise<DiskProgress> {
    const { manifest, chunks } = coming;
    const entries = (): ReturnType<typeof readTree> => readTree(chunks, manifest.tail.tree);
    const known = { manifest, measure: (places: readonly string[]) => measureUsage(entries(), [...new Set(places)]) };
    // Looked at again: the session may have waited for long.
    const { erases, ...disks } = await planNodeDisks(this.#seen, this.#options, { isBegun: false, known });
    for (const [device, held] of Object.entries(erases))
      session.log(`erasing ${device}${held.length === 0 ? "" : `, which held ${held.join(", ")}`}`);
    this.#disks = disks;
    const progress = { formatVersion: 1 as const, image: session.image, disks, done: [] };
    this.#record.write(progress);
    crashPoint("clone.disk-begun");
    return progress;
  }

  #requestFor(systemName: string): BuildRequest {
    const { plan, targets, firmware } = this.#disks;
    return {
      plan,
      firmware,
      systemName,
      paths: new Map(targets.map(({ disk, path }) => [disk, path])),
      workDirectory: this.#record.workDirectory,
      // A real computer's system says itself where its console is.
      hasSerialConsole: false,
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
