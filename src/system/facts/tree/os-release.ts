const maxFields = 200;
const maxValueLength = 4096;

/** The fields of an os-release(5) file, values without their quotes. Lines that are no assignment are passed over. */
export function parseOsRelease(text: string): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  let count = 0;
  for (const line of text.split("\n")) {
    const assignment = line.trim();
    const equals = assignment.indexOf("=");
    const key = assignment.slice(0, Math.max(equals, 0));
    const value = assignment.slice(equals + 1);
    if (!/^[A-Z][A-Z0-9_]{0,99}$/.test(key) || value.length > maxValueLength) continue;
    if (++count > maxFields) break;
    fields[key] = unquote(value);
  }
  return fields;
}

/** As a shell would read a single word. */
function unquote(value: string): string {
  if (/^'[^']*'$/.test(value)) return value.slice(1, -1);
  if (/^"(?:[^"\\]|\\.)*"$/.test(value)) return value.slice(1, -1).replaceAll(/\\([$"\\`])/g, "$1");
  return value.replaceAll(/\\(.)/g, "$1");
}
