import { readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { detachedFile, readMachineFile } from "../../host/machines/machine-files.ts";
import { PathNotFoundError } from "../../image/errors.ts";
import { errnoNameOf } from "../../host/system-call-error.ts";
import type { DetachedManifest } from "../../journeys/machine/detached/detached-manifest.ts";
import {
  ManifestInvalidError,
  maxManifestBytes,
  parseDetached,
} from "../../journeys/machine/detached/parse-detached.ts";
import { readFileOf } from "../images/images.ts";
import type { StoreOptions } from "../store/store.ts";

/** The manifest in a machine's directory; undefined if there is none. @throws {ManifestInvalidError} */
export function readManifestIn(directory: string): DetachedManifest | undefined {
  const path = join(directory, ".rehome", detachedFile);
  let text: string | undefined;
  try {
    text = readMachineFile(directory, detachedFile, maxManifestBytes);
  } catch (error) {
    if (errnoNameOf(error) === undefined) throw error;
    throw new ManifestInvalidError(path, "it is no regular file that may be read", { cause: error });
  }
  return text === undefined ? undefined : parseDetached(text, path);
}

/** The manifest that an operand names: `-` for standard input, a file, or the directory of a machine. @throws {ManifestInvalidError} @throws {UsageError} */
export function readManifestOf(operand: string): DetachedManifest {
  if (operand === "-") return parseDetached(readStandardInput(), "on standard input");
  const stat = statSync(operand, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new UsageError(`cannot read the manifest "${operand}": nothing is there`, "Check the name.");
  if (!stat.isDirectory()) {
    if (stat.size > maxManifestBytes) throw new ManifestInvalidError(operand, "it is too large");
    return parseDetached(readFileSync(operand, "utf8"), operand);
  }
  const found = readManifestIn(operand);
  if (found !== undefined) return found;
  throw new UsageError(
    `cannot read the manifest in "${operand}": there is none`,
    "Detach the machine first, or name the file; a machine that was never detached needs none to be attached.",
  );
}

/** The manifest of the detached machine that an image holds; `shown` is what people call the image. @throws {ManifestInvalidError} @throws {UsageError} */
export async function readManifestOfImage(
  image: string,
  shown: string,
  options: StoreOptions,
): Promise<DetachedManifest> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of readFileOf(image, `.rehome/${detachedFile}`, options)) {
      length += part.length;
      if (length > maxManifestBytes) throw new ManifestInvalidError(`of ${shown}`, "it is too large");
      parts.push(part);
    }
  } catch (error) {
    if (!(error instanceof PathNotFoundError)) throw error;
    throw new UsageError(
      `cannot attach from ${shown}: it is no image of a detached machine`,
      "`rehome machine detach --to-image` makes one; `rehome machine create NAME --from IMAGE` makes a new machine of any image.",
      { cause: error },
    );
  }
  return parseDetached(Buffer.concat(parts).toString("utf8"), `of ${shown}`);
}

/** Says whether an operand of `attach` is a manifest rather than the name of a machine. */
export function namesManifest(operand: string): boolean {
  return operand === "-" || operand.includes("/") || operand.endsWith(".json");
}

function readStandardInput(): string {
  const parts: Buffer[] = [];
  let length = 0;
  for (;;) {
    const part = Buffer.allocUnsafe(1 << 16);
    const count = readPart(part);
    if (count === 0) return Buffer.concat(parts).toString("utf8");
    length += count;
    if (length > maxManifestBytes) throw new ManifestInvalidError("on standard input", "it is too large");
    parts.push(part.subarray(0, count));
  }
}

function readPart(into: Buffer): number {
  for (;;)
    try {
      return readSync(0, into);
    } catch (error) {
      if (errnoNameOf(error) === "EOF") return 0;
      if (errnoNameOf(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
}
