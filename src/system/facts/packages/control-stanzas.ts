import type { ByteString } from "../../../core/tree/byte-string.ts";

/** One paragraph of a control file: values by field name in lower case, further lines of a value joined with `\n`. */
export type ControlStanza = ReadonlyMap<string, ByteString>;

/**
 * Cuts a file in the syntax of deb-control(5) into its paragraphs, one at a time. `wanted` (lower case) names the fields
 * to keep. Of a field that stands twice the first holds; lines that are no field are passed over.
 */
export function* parseControlStanzas(text: ByteString, wanted: ReadonlySet<string>): Generator<ControlStanza> {
  let stanza = new Map<string, ByteString>();
  let field: string | undefined;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(at, end).trimEnd();
    at = end + 1;
    if (line === "") {
      if (stanza.size > 0) yield stanza;
      stanza = new Map();
      field = undefined;
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (field !== undefined) stanza.set(field, `${stanza.get(field) ?? ""}\n${line}` as ByteString);
    } else {
      const colon = line.indexOf(":");
      const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
      field = wanted.has(name) && !stanza.has(name) ? name : undefined;
      if (field !== undefined) stanza.set(field, line.slice(colon + 1).trim() as ByteString);
    }
  }
  if (stanza.size > 0) yield stanza;
}
