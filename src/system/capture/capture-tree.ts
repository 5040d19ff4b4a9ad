import { throwIfInterrupted } from "../../core/errors.ts";
import type { SecretKind, TreeCounts, TreeReference } from "../../core/manifest/manifest.ts";
import type { OnProgress } from "../../core/progress.ts";
import { displayBytes, type ByteString, type TreePath } from "../../core/tree/byte-string.ts";
import { removeOwnerShift } from "../../core/tree/owner-shift.ts";
import { ByteWriter } from "../../image/format/byte-writer.ts";
import { limits } from "../../image/format/limits.ts";
import { noMetadata, writeBody } from "../../image/format/record.ts";
import type { TreeIndexWriter } from "../../image/tree-index/tree-index-writer.ts";
import type { PackWriter } from "../../image/store/pack-writer.ts";
import { cutParameters } from "../../image/chunker/cut.ts";
import type { CaptureCacheReader, CaptureCacheWriter } from "./records/capture-cache.ts";
import {
  isMade,
  nameIn,
  walkWithAdditions,
  type AddedEntry,
  type Addition,
  type MadeDirectory,
} from "./additions/walk-with-additions.ts";
import { BatchSender } from "./reading/batch-sender.ts";
import { LongFiles } from "./reading/long-files.ts";
import { readOtherEntry } from "./reading/other-entry.ts";
import { FurtherNames } from "./records/further-names.ts";
import { OrderedRecords, type RecordSlot } from "./records/ordered-records.ts";
import type { CapturePorts, FilePool } from "./ports.ts";
import type { FileOutcome } from "./reading/file-batch.ts";
import type { RateLimit } from "./reading/rate-limit.ts";
import type { SecretWatch } from "./secrets/secret-watch.ts";
import { isTrouble, type ChooseEntry, type SharedDirectory, type WalkedEntry } from "../tree/walk.ts";
import type { WarningList } from "./warning-list.ts";

/** What a capture of a tree works with. */
export interface CaptureTreeParts {
  readonly ports: CapturePorts;
  readonly pool: FilePool;
  readonly packs: PackWriter;
  readonly index: TreeIndexWriter;
  readonly cache: { readonly before: CaptureCacheReader | undefined; readonly next: CaptureCacheWriter };
  readonly choose: ChooseEntry;
  /** What goes in beside what the tree has. */
  readonly additions: readonly Addition[];
  readonly ownerShift: number;
  readonly warnings: WarningList;
  readonly secrets: SecretWatch;
  readonly rate: RateLimit;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** What became of a tree. */
export interface CapturedTree {
  readonly tree: TreeReference;
  readonly counts: TreeCounts;
  readonly unchangedFiles: number;
}

const slotsAtOnce = 65_536;
const entriesPerTurn = 512;

/**
 * Reads a tree into the store: this thread walks and writes the index, the pool's threads read, cut, hash and compress.
 *
 * 1. The walk yields entries in order. One that looks as in the capture before gets its record from there.
 * 2. Regular files go to the pool in batches; a file longer than a span goes in parts.
 * 3. Everything else is read here.
 * 4. Records leave in walk order, into the index and the next capture's cache.
 */
export class TreeCapture implements Disposable {
  readonly #parts: CaptureTreeParts;
  readonly #records: OrderedRecords;
  readonly #sender: BatchSender;
  readonly #longFiles: LongFiles;
  readonly #out = new ByteWriter();
  readonly #furtherNames = new FurtherNames();
  readonly #openDirectories = new Set<SharedDirectory>();
  readonly #trustedDevices = new Map<string, boolean>();
  #entries = 0;
  #files = 0;
  #bytes = 0;
  /** For progress: also what of long files is read so far. */
  #seenBytes = 0;
  #unchangedFiles = 0;

  constructor(parts: CaptureTreeParts) {
    this.#parts = parts;
    this.#sender = new BatchSender(parts.pool, parts.packs, parts.rate, parts.signal);
    this.#longFiles = new LongFiles(parts.ports, this.#sender, parts.ownerShift, (bytes) => {
      this.#seenBytes += bytes;
      this.#report();
    });
    this.#records = new OrderedRecords((slot, body) => {
      const { path, stat, dataBytes, linkTarget, secret } = slot;
      if (linkTarget !== undefined && this.#furtherNames.isLost(linkTarget)) {
        this.#entries -= 1;
        parts.warnings.add(
          "unreadable",
          path,
          `it is a further name of "${displayBytes(linkTarget)}", which could not be read`,
        );
        return undefined;
      }
      parts.secrets.take(slot);
      if (stat) parts.cache.next.add({ path, stat, body, dataBytes, ...(secret !== undefined && { secret }) });
      return parts.index.add(path, body);
    });
  }

  async run(root: string): Promise<CapturedTree> {
    const { ports, choose, additions, warnings, signal } = this.#parts;
    const onHidden = (path: TreePath): void => warnings.add("left-out", path, "hidden by what was added there");
    const rules = { choose, additions, onHidden };
    let count = 0;
    this.#report();
    for (const item of walkWithAdditions(ports.tree, root, rules, this.#openDirectories)) {
      if (isTrouble(item)) this.#warn(item.path, item.trouble);
      else if (isMade(item)) this.#make(item);
      else {
        const waiting = this.#take(item);
        if (waiting) await waiting;
      }
      if (++count % entriesPerTurn === 0) {
        throwIfInterrupted(signal, "the capture");
        await this.#turn();
      }
    }
    await this.#sender.finish();
    while (this.#records.length > 0) await this.#records.drain();
    const tree = await this.#parts.index.end();
    this.#report();
    return {
      tree,
      counts: { entries: this.#entries, files: this.#files, bytes: this.#bytes },
      unchangedFiles: this.#unchangedFiles,
    };
  }

  #make({ path, mtimeSec, mtimeNsec }: MadeDirectory): void {
    this.#entries += 1;
    const body = this.#encode({ ...noMetadata, kind: "directory", mode: 0o755, mtimeSec, mtimeNsec });
    this.#records.add(path, undefined, body);
  }

  /** Closes what is still open after a failure. What a thread may still read then does not count. */
  [Symbol.dispose](): void {
    for (const directory of this.#openDirectories) directory.abandon();
  }

  async #turn(): Promise<void> {
    this.#report();
    await this.#records.drain();
    while (this.#records.length > slotsAtOnce) {
      await this.#sender.settleOne();
      await this.#records.drain();
    }
  }

  #report(): void {
    this.#parts.onProgress({ version: 1, phase: "reading", bytes: this.#seenBytes, items: this.#entries });
  }

  #take(item: AddedEntry): Promise<void> | undefined {
    const { path, stat } = item;
    if (stat.kind === "other") return undefined;
    this.#entries += 1;
    const secret = this.#parts.secrets.kindOf({ ...item, name: nameIn(item) });
    if (stat.linkCount > 1 && stat.kind !== "directory") {
      const first = this.#furtherNames.firstNameOf(item);
      if (first !== undefined) {
        const link = this.#encode({ ...noMetadata, kind: "link", target: first });
        Object.assign(this.#records.add(path, undefined, link), { linkTarget: first, secret });
        return undefined;
      }
    }
    if (stat.kind === "file") this.#files += 1;
    const trusted = this.#isTrusted(item);
    const before = trusted ? this.#parts.cache.before?.find(path, stat) : undefined;
    if (before !== undefined && !(this.#parts.secrets.redact && secret !== undefined && before.secret === undefined)) {
      const slot = this.#records.add(path, stat, before.body);
      slot.dataBytes = before.dataBytes;
      slot.secret = before.secret ?? secret;
      if (stat.kind === "file") this.#unchangedFiles += 1;
      this.#bytes += before.dataBytes;
      this.#seenBytes += before.dataBytes;
      return undefined;
    }
    if (stat.kind === "file") return this.#takeFile(item, trusted, secret);
    this.#takeOther(item, trusted);
    return undefined;
  }

  #isTrusted({ stat, parent, self }: WalkedEntry): boolean {
    const device = `${stat.deviceMajor}:${stat.deviceMinor}`;
    let trusted = this.#trustedDevices.get(device);
    if (trusted === undefined) {
      trusted = this.#parts.ports.timesTellChanges((self ?? parent).file);
      this.#trustedDevices.set(device, trusted);
    }
    return trusted;
  }

  #takeOther(item: WalkedEntry, trusted: boolean): void {
    const { stat, path } = item;
    const warned = this.#parts.warnings.count;
    try {
      const entry = readOtherEntry(this.#parts.ports.tree, item, (error) => this.#warn(path, error));
      const shifted = removeOwnerShift(entry, this.#parts.ownerShift);
      if (shifted.outside) this.#warnOutside(path);
      // What there is a warning about is looked at again next time, so that it is said again.
      const isSound = this.#parts.warnings.count === warned;
      this.#records.add(path, trusted && isSound ? stat : undefined, this.#encode({ ...entry, ...shifted.metadata }));
    } catch (error) {
      this.#entries -= 1;
      this.#furtherNames.lose(path);
      this.#warn(path, error);
    }
  }

  #encode(entry: Parameters<typeof writeBody>[1]): Uint8Array {
    this.#out.reset();
    writeBody(this.#out, entry);
    return this.#out.take();
  }

  async #takeFile(item: WalkedEntry, trusted: boolean, secret: SecretKind | undefined): Promise<void> {
    const { path, stat, name } = item;
    const slot = this.#records.add(path, trusted ? stat : undefined);
    slot.secret = secret;
    const isLeftOut = this.#parts.secrets.redact && secret !== undefined;
    if (stat.sizeBytes > cutParameters.spanBytes && !isLeftOut) {
      await this.#takeLongFile(item.parent, name, slot);
      return;
    }
    const directory = item.parent.retain();
    await this.#sender.add(
      { part: isLeftOut ? "empty" : "whole", directory: directory.file, name, stat },
      isLeftOut ? 0 : stat.sizeBytes,
      (outcome, bytes) => {
        if (outcome.kind === "grown")
          return this.#takeLongFile(directory, name, slot).finally(() => directory.release());
        directory.release();
        if (outcome.kind === "read") this.#seenBytes += outcome.dataBytes;
        this.#settle(slot, outcome, bytes);
        return undefined;
      },
    );
  }

  #takeLongFile(directory: SharedDirectory, name: ByteString, slot: RecordSlot): Promise<void> {
    return this.#longFiles.read(directory, name, (outcome, bytes) => this.#settle(slot, outcome, bytes));
  }

  #settle(slot: RecordSlot, outcome: FileOutcome, bytes: Uint8Array): void {
    if (outcome.kind === "read" && bytes.length <= limits.recordBytes) {
      if (outcome.unstable)
        this.#parts.warnings.add(
          "changed-while-read",
          slot.path,
          "it changed during each of several readings; what was read last is kept",
        );
      if (outcome.outsideRange) this.#warnOutside(slot.path);
      if (!outcome.asWalked || outcome.outsideRange) slot.stat = undefined;
      slot.secret = outcome.secret ?? slot.secret;
      slot.body = bytes;
      slot.dataBytes = outcome.dataBytes;
      this.#bytes += outcome.dataBytes;
      return;
    }
    slot.dropped = true;
    this.#entries -= 1;
    this.#files -= 1;
    this.#furtherNames.lose(slot.path);
    if (outcome.kind === "read")
      this.#parts.warnings.add(
        "unreadable",
        slot.path,
        `its ${bytes.length} bytes of index are more than a record can have`,
      );
    else if (outcome.kind === "unreadable") this.#parts.warnings.add("unreadable", slot.path, outcome.message);
    else this.#parts.warnings.add("vanished", slot.path, "it was removed or replaced while the tree was read");
  }

  #warn(path: TreePath, error: unknown): void {
    if (this.#parts.ports.isVanished(error))
      this.#parts.warnings.add("vanished", path, "it was removed or replaced while the tree was read");
    else if (error instanceof Error) this.#parts.warnings.add("unreadable", path, error.message);
  }

  #warnOutside(path: TreePath): void {
    this.#parts.warnings.add(
      "outside-owner-range",
      path,
      `an owner of "${displayBytes(path)}" is outside the machine's range and kept as it is`,
    );
  }
}
