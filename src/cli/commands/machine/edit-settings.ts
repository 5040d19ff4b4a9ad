import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { isatty } from "node:tty";
import { RehomeError, UsageError } from "../../../core/errors.ts";
import { findTool } from "../../../host/processes.ts";
import { renderReport, type HostFinding } from "../../../system/validate/index.ts";
import type { Messages } from "../../terminal/messages.ts";

/**
 * Opens an editor on the settings of a machine, again and again until `check` has nothing to say of them or the user gives up;
 * without a terminal once. Returns the text as it was left.
 *
 * @throws {UsageError} If there is no editor, it fails, or what was left cannot be read as settings.
 */
export async function editSettings(
  name: string,
  settings: string,
  check: (text: string) => Promise<readonly HostFinding[]>,
  messages: Pick<Messages, "warn">,
): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "rehome-edit-"));
  const file = join(directory, `${name}.nspawn`);
  try {
    writeFileSync(file, settings, { mode: 0o600 });
    for (;;) {
      edit(name, file);
      const text = readFileSync(file, "utf8");
      const failure = await whatIsWrong(text, check, messages);
      if (failure === undefined) return text;
      if (await wantsAgain()) continue;
      if (failure instanceof UsageError) throw failure;
      return text;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Says what is wrong, and returns it; undefined if nothing is. */
async function whatIsWrong(
  text: string,
  check: (text: string) => Promise<readonly HostFinding[]>,
  messages: Pick<Messages, "warn">,
): Promise<UsageError | readonly HostFinding[] | undefined> {
  try {
    const findings = await check(text);
    if (findings.length === 0) return undefined;
    if (isAsked()) for (const line of renderReport({ findings })) messages.warn(line);
    return findings;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (isAsked()) messages.warn(error.message);
    return error;
  }
}

function edit(name: string, file: string): void {
  const [program = "", ...words] = chooseEditor(name);
  const { status, error } = spawnSync(program, [...words, file], { stdio: "inherit" });
  if (status === 0) return;
  throw new EditorFailedError(name, program, error?.message ?? `it ended with status ${status}`, error);
}

/** The words of `$VISUAL` or `$EDITOR`, which may name options too; no shell reads them. */
function chooseEditor(name: string): readonly string[] {
  const named = process.env["VISUAL"] ?? process.env["EDITOR"] ?? "";
  const words = named.trim().split(/\s+/);
  const found =
    words[0] === "" ? ["editor", "vi"].flatMap((each) => findTool(each) ?? [])[0] : findTool(words[0] ?? "");
  if (found !== undefined) return [found, ...words.slice(1)];
  throw new UsageError(
    `cannot edit the settings of ${name}: there is no editor${named === "" ? "" : ` "${named}"`}`,
    "Name one in VISUAL or EDITOR, or change settings with --set.",
  );
}

/** An editor ended badly, which is how people say that they want nothing to be done. */
class EditorFailedError extends RehomeError {
  override readonly name = "EditorFailedError";
  readonly code = "TOOL_FAILED";

  constructor(machine: string, program: string, why: string, cause: unknown) {
    super(`cannot create ${machine}: the editor ${program} failed: ${why}; nothing was changed`, "Try again.", {
      cause,
    });
  }
}

function isAsked(): boolean {
  return isatty(0) && isatty(2);
}

async function wantsAgain(): Promise<boolean> {
  if (!isAsked()) return false;
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return !/^n/i.test((await questions.question("edit again? [Y/n] ")).trim());
  } finally {
    questions.close();
  }
}
