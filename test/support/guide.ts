import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The commands that a page of `docs/how-to` shows under a heading, one a line, so that a test runs what people are told to. */
export function guideCommands(page: string, heading: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, "../../docs/how-to", `${page}.md`), "utf8");
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, `${page}.md has no section "${heading}"`);
  const commands = [...section.matchAll(/^ {4}(.+)$/gm)].map(([, command = ""]) => command);
  assert.ok(commands.length > 0, `${page}.md shows no commands under "${heading}"`);
  return commands;
}
