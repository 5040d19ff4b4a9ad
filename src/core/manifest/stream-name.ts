import { UsageError } from "../errors.ts";

/** What a stream may be called; layouts of disks name streams the same way. */
export const streamNamePattern: RegExp = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/;

/** Reads `NAME=REST`. @throws {UsageError} If NAME is no name of a stream, or there is no REST. */
export function parseNamedStream(text: string): { readonly name: string; readonly rest: string } {
  const at = text.indexOf("=");
  const [name, rest] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  if (!streamNamePattern.test(name) || rest === "")
    throw new UsageError(
      `cannot read "${text}": NAME=PATH is needed, NAME of at most 63 letters, digits, \`.\`, \`_\` and \`-\``,
      "`rehome show` lists the streams of an image.",
    );
  return { name, rest };
}

/** Makes a name for a stream out of the path it is read from: `/dev/mapper/vg-root` becomes `vg-root`. */
export function chooseStreamName(path: string): string {
  const name = path
    .slice(path.lastIndexOf("/") + 1)
    .replaceAll(/[^a-zA-Z0-9._-]+/g, "-")
    .replaceAll(/^[^a-zA-Z0-9]+|-+$/g, "")
    .slice(0, 63);
  return name === "" ? "stream" : name;
}
