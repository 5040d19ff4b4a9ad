import { UsageError } from "../../core/errors.ts";
import { chooseStreamName, parseNamedStream } from "../../core/manifest/stream-name.ts";
import { inspectRawSource, openRawSource } from "../../host/disk/raw-source.ts";
import type { PlannedStream } from "../../system/capture/streams/capture-streams.ts";
import type { OpenRawSource } from "../../system/capture/ports.ts";
import { checkRawSource, type RawSourceFacts } from "../../system/capture/streams/check-raw-source.ts";

/**
 * Looks at the raw partitions and files that a capture is to take, each `PATH` or `NAME=PATH`. Changes nothing.
 *
 * @throws {RawSourceRefusedError} If somebody may write to one of them. @throws {UsageError} If two have the same name.
 */
export async function planStreams(
  raw: readonly string[],
  { redact, signal }: { readonly redact?: boolean; readonly signal?: AbortSignal },
): Promise<PlannedStream[]> {
  if (raw.length > 0 && redact === true)
    throw new UsageError(
      "cannot leave out the secrets of a raw partition: what is in it is not looked at",
      "Capture it into another image, or leave out --redact.",
    );
  const streams: PlannedStream[] = [];
  for (const text of raw) {
    const { name, rest } = text.startsWith("/") || !text.includes("=") ? nameOf(text) : parseNamedStream(text);
    if (streams.some((other) => other.name === name))
      throw new UsageError(`cannot capture two streams as "${name}"`, "Give one of them a name: --raw NAME=PATH.");
    const facts = await lookAtSource(rest, signal);
    const kind = facts.kind === "device" ? "device" : "file";
    streams.push({ name, source: facts.path, kind, sizeBytes: facts.sizeBytes, holds: facts.holds });
  }
  return streams.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A path with a slash before any `=` names itself. */
function nameOf(path: string): { readonly name: string; readonly rest: string } {
  return { name: chooseStreamName(path), rest: path };
}

/** Opens a raw partition or file once it is sure that nobody writes to it. @throws {RawSourceRefusedError} */
export async function openSource(path: string): Promise<OpenRawSource> {
  return openRawSource(await lookAtSource(path));
}

/** @throws {RawSourceRefusedError} */
async function lookAtSource(path: string, signal?: AbortSignal): Promise<RawSourceFacts> {
  const facts = await inspectRawSource(path, signal);
  checkRawSource(facts);
  return facts;
}
