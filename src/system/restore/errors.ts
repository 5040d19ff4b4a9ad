import { RehomeError } from "../../core/errors.ts";

/** A directory cannot be restored into as it is. Nothing was changed. */
export class TargetUnsuitableError extends RehomeError {
  override readonly name = "TargetUnsuitableError";
  readonly code = "TARGET_UNSUITABLE";
  readonly target: string;

  constructor(target: string, what: string, remedy: string) {
    super(`cannot restore into "${target}": ${what}`, remedy);
    this.target = target;
  }
}

/** The written tree is not what the image says. */
export class TargetDiffersError extends RehomeError {
  override readonly name = "TargetDiffersError";
  readonly code = "TARGET_DIFFERS";
  readonly target: string;
  readonly differences: readonly {
    readonly path: string;
    readonly change: string;
    readonly aspects: readonly string[];
  }[];

  constructor(target: string, differences: TargetDiffersError["differences"]) {
    const first = differences
      .slice(0, 5)
      .map(({ path, change, aspects }) => `${path === "" ? "." : path} (${[change, ...aspects].join(", ")})`);
    super(
      `cannot call "${target}" verified: ${differences.length} entries differ from the image: ${first.join("; ")}`,
      "Look at the device and its file system; run the same command again to go on.",
    );
    this.target = target;
    this.differences = differences;
  }
}

/** What was written of a stream reads back differently. */
export class StreamDiffersError extends RehomeError {
  override readonly name = "StreamDiffersError";
  readonly code = "TARGET_DIFFERS";
  readonly target: string;
  readonly offsetBytes: number;

  constructor(target: string, offsetBytes: number) {
    super(
      `cannot call "${target}" verified: it reads back differently at byte ${offsetBytes}`,
      "Look at the device, and into the kernel's log; run the same command again to write it again.",
    );
    this.target = target;
    this.offsetBytes = offsetBytes;
  }
}
