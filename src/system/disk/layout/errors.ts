import { RehomeError } from "../../../core/errors.ts";

/** A layout or `desc` file says something that cannot be meant. */
export class LayoutInvalidError extends RehomeError {
  override readonly name = "LayoutInvalidError";
  readonly code = "LAYOUT_INVALID";
  readonly file: string;
  /** From 1; undefined where it is about the whole file. */
  readonly line: number | undefined;
  /** Where in the document: `disks[0].partitions[2].size`; empty for a file of lines. */
  readonly path: string;

  constructor(
    place: { readonly file: string; readonly line?: number | undefined; readonly path?: string },
    what: string,
  ) {
    const { file, line, path = "" } = place;
    const where = `"${file}"${line === undefined ? "" : `, line ${line}`}${path === "" ? "" : `, ${path}`}`;
    super(`cannot read the layout ${where}: ${what}`, "Mend the file there.");
    this.file = file;
    this.line = line;
    this.path = path;
  }
}

/** One reason why a layout cannot be put on its disks. */
export interface Refusal {
  readonly reason:
    | "too-small"
    | "table"
    | "content"
    | "mounts"
    | "firmware"
    | "missing-tool"
    | "missing-kernel-support";
  readonly disk?: string;
  /** How many bytes are lacking, where that is the reason. */
  readonly missingBytes?: number;
  /** `WHAT IS, WHAT IS NEEDED`, for people. */
  readonly message: string;
}

/** A layout cannot be put on its disks. Nothing was changed. */
export class LayoutRefusedError extends RehomeError {
  override readonly name = "LayoutRefusedError";
  readonly code = "LAYOUT_REFUSED";
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[]) {
    super(
      `cannot lay out the disk: ${refusals.map(({ message }) => message).join("; ")}`,
      refusals.some(({ missingBytes }) => missingBytes !== undefined)
        ? "Give a larger size, or make partitions smaller in the layout."
        : "Change the layout, or install what is missing.",
    );
    this.refusals = refusals;
  }
}
