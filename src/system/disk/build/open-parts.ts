import { setTimeout as delay } from "node:timers/promises";
import { crashPoint } from "../../../core/crash-points.ts";
import { LayoutRefusedError, type Refusal } from "../layout/errors.ts";
import {
  contentOf,
  decryptedContentOf,
  holdersOf,
  type PlannedArray,
  type PlannedContent,
  type PlannedGroup,
  type PlannedHolder,
} from "../plan/disk-plan.ts";
import { isMember } from "../stack/stack-room.ts";
import { passphraseIn } from "../stack/passphrase.ts";
import * as stack from "../stack/stack-commands.ts";
import type { AttachedPart, DiskPorts } from "./ports.ts";
import { pathOf, type BuildRequest } from "./request.ts";

/** The devices of a plan, each there from when it was asked for until all are let go. */
export interface OpenParts extends AsyncDisposable {
  /** The device of what a holder holds, decrypted. */
  deviceOf(holder: PlannedHolder): Promise<string>;
  /** Writes what was written to partitions into the disks, for those who read and write there by another way. */
  sync(): void;
}

const attempts = 10;
const attemptIntervalMs = 200;

/**
 * Gives access to everything of a plan: `make` makes arrays, groups and encryption as they are asked for, `open` finds those that
 * were made. Disposing of it takes all of it down. What an earlier process left is taken down before.
 */
export async function openParts(
  request: BuildRequest,
  how: "make" | "open",
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<OpenParts> {
  const locks = await claimDisks(request, ports, signal);
  return new Parts(request, how === "make", ports, locks, signal);
}

interface Attached {
  readonly part: AttachedPart;
  /** Keeps udev away from it. */
  lock: Disposable | undefined;
}

class Parts implements OpenParts {
  readonly #request: BuildRequest;
  readonly #isNew: boolean;
  readonly #ports: DiskPorts;
  /** Keep udev away from the disks. */
  readonly #locks: DisposableStack;
  readonly #signal: AbortSignal | undefined;
  readonly #holders: readonly PlannedHolder[];
  readonly #attached: Attached[] = [];
  readonly #devices = new Map<object, Promise<string>>();

  constructor(
    request: BuildRequest,
    isNew: boolean,
    ports: DiskPorts,
    locks: DisposableStack,
    signal: AbortSignal | undefined,
  ) {
    this.#locks = locks;
    this.#request = request;
    this.#isNew = isNew;
    this.#ports = ports;
    this.#signal = signal;
    this.#holders = holdersOf(request.plan);
  }

  async deviceOf(holder: PlannedHolder): Promise<string> {
    const content = contentOf(holder);
    const device = await this.#once(keyOf(holder), async () => await this.#outerDeviceOf(holder));
    return content.kind === "luks"
      ? await this.#once(content, async () => await this.#decrypt(content, device))
      : device;
  }

  sync(): void {
    for (const { part } of this.#attached) part.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using undo = new AsyncDisposableStack();
    undo.use(this.#locks);
    for (const { part, lock } of this.#attached) {
      undo.use(part);
      undo.use(lock);
      undo.defer(async () => await release(part.device, this.#ports));
    }
  }

  async #once(key: object, open: () => Promise<string>): Promise<string> {
    const known = this.#devices.get(key) ?? open();
    this.#devices.set(key, known);
    return await known;
  }

  async #outerDeviceOf(holder: PlannedHolder): Promise<string> {
    if (holder.kind === "array") return await this.#startArray(holder.array);
    if (holder.kind === "volume") {
      await this.#once(holder.group, async () => await this.#startGroup(holder.group));
      return `/dev/mapper/${stack.mappedVolume(holder.group.name, holder.volume.name)}`;
    }
    const { disk, partition } = holder;
    const { sectorBytes } = this.#request.plan;
    const [start, length] = [partition.startSector * sectorBytes, partition.sectorCount * sectorBytes];
    const part = await this.#ports.attach(pathOf(this.#request, disk), start, length, this.#signal);
    const attached: Attached = { part, lock: undefined };
    this.#attached.push(attached);
    // Of members alone: what makes file systems may want this lock itself.
    if (isLayered(holder)) attached.lock = await this.#ports.keepFromUdev(part.device, this.#signal);
    return part.device;
  }

  async #startArray(array: PlannedArray): Promise<string> {
    const members = await this.#membersOf("array", array.name);
    const isBlank = [...this.#request.paths.values()].every((path) => !this.#ports.files.isBlockDevice(path));
    return await this.#again(async () => {
      // A udev may have seen a member, and begun to put it together, before it was kept away.
      for (const member of members) await release(member, this.#ports);
      const device = this.#ports.freeArray();
      const command = this.#isNew
        ? stack.createArray(array, device, members, isBlank)
        : stack.assembleArray(device, members);
      await this.#ports.run(command, this.#signal);
      crashPoint("disk.array-started");
      return device;
    });
  }

  async #startGroup(group: PlannedGroup): Promise<string> {
    const members = await this.#membersOf("group", group.name);
    if (this.#isNew)
      for (const command of stack.createGroup(group, members)) await this.#ports.run(command, this.#signal);
    await this.#ports.run(stack.startGroup(group.name, members), this.#signal);
    crashPoint("disk.group-started");
    return group.name;
  }

  async #decrypt({ name, uuid }: Luks, device: string): Promise<string> {
    const passphrase = readPassphrase(this.#request, name, this.#ports);
    if (this.#isNew) await this.#ports.run(stack.formatLuks(uuid, device, passphrase), this.#signal);
    await this.#ports.run(stack.openLuks(name, device, passphrase), this.#signal);
    crashPoint("disk.luks-opened");
    return `/dev/mapper/${name}`;
  }

  async #membersOf(kind: "array" | "group", name: string): Promise<string[]> {
    const members: string[] = [];
    for (const holder of this.#holders)
      if (isMember(decryptedContentOf(holder), kind, name)) members.push(await this.deviceOf(holder));
    return members;
  }

  async #again<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (attempt === attempts || this.#signal?.aborted === true) throw error;
        await delay(attemptIntervalMs);
      }
    }
  }
}

function isLayered(holder: PlannedHolder): boolean {
  return ["array", "group", "luks"].includes(contentOf(holder).kind);
}

type Luks = Extract<PlannedContent, { kind: "luks" }>;

function keyOf(holder: PlannedHolder): object {
  if (holder.kind === "partition") return holder.partition;
  return holder.kind === "array" ? holder.array : holder.volume;
}

/** Takes down what an earlier process left over the disks of a request: unlike mounts and loop devices, arrays outlive who made them. */
export async function releaseParts({ paths }: Pick<BuildRequest, "paths">, ports: DiskPorts): Promise<void> {
  for (const path of paths.values()) for (const device of ports.attachedTo(path)) await release(device, ports);
}

/** Takes down what is left over the disks, and keeps udev from putting it together again until that is disposed of. */
export async function claimDisks(
  request: BuildRequest,
  ports: DiskPorts,
  signal?: AbortSignal,
): Promise<DisposableStack> {
  using locks = new DisposableStack();
  await releaseParts(request, ports);
  if (holdersOf(request.plan).some(isLayered))
    for (const path of request.paths.values())
      if (ports.files.isBlockDevice(path)) {
        locks.use(await ports.keepFromUdev(path, signal));
        await releaseParts(request, ports);
        await ports.forgetPartitions(path, signal);
      }
  return locks.move();
}

async function release(device: string, ports: DiskPorts): Promise<void> {
  for (const user of ports.usersOf(device)) {
    await release(user.device, ports);
    // What lies over two devices went with the first.
    const isThere = ports.usersOf(device).some((each) => each.device === user.device);
    if (isThere) await ports.run(user.kind === "array" ? stack.stopArray(user.device) : stack.removeMapped(user.name));
  }
}

/** Refuses a request that lacks the passphrase of a LUKS. @throws {LayoutRefusedError} */
export function requirePassphrases(request: BuildRequest, ports: DiskPorts): void {
  for (const content of holdersOf(request.plan).map(contentOf))
    if (content.kind === "luks") readPassphrase(request, content.name, ports);
}

function readPassphrase({ passphraseFiles }: BuildRequest, name: string, ports: DiskPorts): string {
  const refuse = (message: string): LayoutRefusedError => {
    const refusal: Refusal = { reason: "content", message };
    return new LayoutRefusedError([refusal]);
  };
  const path = passphraseFiles?.get(name);
  if (path === undefined) throw refuse(`the LUKS "${name}" needs a passphrase, and no file with one is given`);
  const passphrase = passphraseIn(ports.files.read(path));
  if (passphrase === undefined) throw refuse(`the first line of "${path}" is no passphrase of text, at most 512 bytes`);
  return passphrase;
}
