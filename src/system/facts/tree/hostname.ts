/** The name in a hostname(5) file: its first line that is no comment, where that is a valid name. */
export function parseHostname(text: string): string | undefined {
  const name = text
    .split("\n", 100)
    .map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("#"));
  return name !== undefined && /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})$/.test(name) ? name : undefined;
}
