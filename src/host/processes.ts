import { spawn, type ChildProcessByStdio } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { InterruptedError, RehomeError } from "../core/errors.ts";
import { byteStringFromText, displayBytes } from "../core/tree/byte-string.ts";

/** How a program is run; what is left out has the default that its line names. */
export interface ToolOptions {
  /** After this the whole process group is ended. Default: 60,000. */
  readonly timeoutMs?: number;
  /** Of standard output and standard error, each. Default: 16 MiB. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
  /** Set on top of this process's variables and `LC_ALL=C.UTF-8`; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; nothing by default. */
  readonly input?: string | Uint8Array;
  /** How output becomes text: `latin1` gives one character for each byte. Default: `utf8`. */
  readonly encoding?: "utf8" | "latin1";
  /** Told each line of standard output and standard error as it comes, at most 4096 characters of one; nothing is collected then, and no limit holds. */
  readonly onLine?: (line: string) => void;
  /** Throws unless the exit status is 0. Default: false. */
  readonly mustSucceed?: boolean;
}

/** What a program left. */
export interface ToolResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** Why a program gave no result that can be used. */
export type ToolFailure = "not-found" | "not-started" | "timed-out" | "too-much-output" | "killed" | "exit-status";

/** A program could not be run, did not end in time, or ended with a status that its caller does not accept. */
export class ToolFailedError extends RehomeError {
  override readonly name = "ToolFailedError";
  readonly code = "TOOL_FAILED";
  readonly command: string;
  readonly failure: ToolFailure;
  readonly exitCode: number | undefined;
  /** The end of what it wrote there, at most 4000 characters. */
  readonly stderr: string;

  constructor(
    command: string,
    failure: ToolFailure,
    what: string,
    facts: { readonly exitCode?: number; readonly stderr?: string; readonly cause?: unknown } = {},
  ) {
    const stderr = (facts.stderr ?? "").trim().slice(-4000);
    const lastLine = displayBytes(byteStringFromText(stderr.slice(stderr.lastIndexOf("\n") + 1).slice(0, 300)));
    super(`cannot run "${command}": ${what}${lastLine === "" ? "" : `: ${lastLine}`}`, remedyOf(command, failure), {
      cause: facts.cause,
    });
    this.command = command;
    this.failure = failure;
    this.exitCode = facts.exitCode;
    this.stderr = stderr;
  }
}

/** The full path of program `name` in PATH, `/usr/sbin` or `/sbin`. Relative parts of PATH are not looked at. */
export function findTool(name: string): string | undefined {
  if (name.includes("/")) return isAbsolute(name) && isProgram(name) ? name : undefined;
  const folders = [...(process.env["PATH"] ?? "/usr/bin:/bin").split(delimiter), "/usr/sbin", "/sbin"];
  return folders
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find(isProgram);
}

/**
 * Runs `command` (found by {@link findTool}) with exactly `args`, never through a shell, in a process group of its own.
 *
 * At the time-out, when it writes too much, or when `signal` is aborted, the whole group gets SIGTERM and a second later
 * SIGKILL; the promise settles after that, so nothing of it runs on.
 *
 * @throws {ToolFailedError} If it is missing, could not be started, was ended, or `mustSucceed` and it failed.
 * @throws {InterruptedError} If `signal` is aborted.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  if (options.signal?.aborted) throw new InterruptedError(command);
  const program = findTool(command);
  if (program === undefined) throw new ToolFailedError(command, "not-found", "it is not installed");
  const timeoutMs = options.timeoutMs ?? 60_000;
  const startedMs = performance.now();
  const ended = await endOf(program, args, {
    ...options,
    timeoutMs,
    maxOutputBytes: options.maxOutputBytes ?? 16 << 20,
  });
  const { stdout, stderr, stopped } = ended;

  if (stopped === "aborted") throw new InterruptedError(command);
  if (stopped === "timed-out")
    throw new ToolFailedError(command, "timed-out", `it did not end within ${timeoutMs} ms`, { stderr });
  if (stopped === "too-much-output")
    throw new ToolFailedError(command, "too-much-output", "it wrote more than it may", { stderr });
  if (ended.startError !== undefined)
    throw new ToolFailedError(command, "not-started", ended.startError.message, { cause: ended.startError });
  if (ended.exitCode === null)
    throw new ToolFailedError(command, "killed", `it was ended by ${ended.signal ?? "a signal"}`, { stderr });
  if (options.mustSucceed && ended.exitCode !== 0) {
    const facts = { exitCode: ended.exitCode, stderr };
    throw new ToolFailedError(command, "exit-status", `it ended with status ${ended.exitCode}`, facts);
  }
  return { exitCode: ended.exitCode, stdout, stderr, durationMs: performance.now() - startedMs };
}

type Stop = "aborted" | "timed-out" | "too-much-output";

interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stopped?: Stop;
  readonly startError?: Error;
}

type BoundedOptions = ToolOptions & { readonly timeoutMs: number; readonly maxOutputBytes: number };

const killGraceMs = 1000;
/** How long output is waited for after a program has ended. */
const outputGraceMs = 1000;
const maxLineCharacters = 4096;

function endOf(program: string, args: readonly string[], options: BoundedOptions): Promise<Ending> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C.UTF-8", ...options.env },
    });
    let stopped: Stop | undefined;
    let startError: Error | undefined;
    let killTimer: NodeJS.Timeout | undefined;
    let leftBehindTimer: NodeJS.Timeout | undefined;

    const stop = (why: Stop): void => {
      if (stopped !== undefined) return;
      stopped = why;
      killGroup(child.pid, "SIGTERM");
      killTimer = setTimeout(() => {
        killGroup(child.pid, "SIGKILL");
        // A process that left the group may still hold the pipes; it must not hold the caller.
        for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
      }, killGraceMs);
    };
    const onAbort = (): void => stop("aborted");
    const timer = setTimeout(() => stop("timed-out"), options.timeoutMs);
    options.signal?.addEventListener("abort", onAbort, { once: true });

    const { onLine, maxOutputBytes } = options;
    const take = (stream: Readable): Buffer[] =>
      onLine ? tellLines(stream, onLine) : collect(stream, maxOutputBytes, () => stop("too-much-output"));
    const stdout = take(child.stdout);
    const stderr = take(child.stderr);
    feed(child, options.input);
    child.once("error", (error) => (startError = error));
    child.once("exit", () => {
      // Something that it left behind may hold the pipes open for good.
      leftBehindTimer = setTimeout(() => {
        for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
      }, outputGraceMs);
    });
    child.once("close", (exitCode, signal) => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      clearTimeout(leftBehindTimer);
      options.signal?.removeEventListener("abort", onAbort);
      if (stopped !== undefined) killGroup(child.pid, "SIGKILL");
      const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString(options.encoding ?? "utf8");
      resolve({
        exitCode,
        signal,
        stdout: text(stdout),
        stderr: text(stderr),
        ...(stopped !== undefined && { stopped }),
        ...(startError !== undefined && { startError }),
      });
    });
  });
}

function collect(stream: Readable, maxBytes: number, onTooMuch: () => void): Buffer[] {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  stream.on("data", (part: Buffer) => {
    sizeBytes += part.length;
    if (sizeBytes > maxBytes) onTooMuch();
    else parts.push(part);
  });
  stream.on("error", () => {}); // the ending of the process says what happened
  return parts;
}

/** Tells lines as they are whole; the last one need not be. */
function tellLines(stream: Readable, onLine: (line: string) => void): Buffer[] {
  let rest = "";
  const tell = (line: string): void => onLine(line.replace(/\r$/, "").slice(0, maxLineCharacters));
  stream.setEncoding("utf8");
  stream.on("data", (part: string) => {
    const lines = (rest + part).split("\n");
    rest = (lines.pop() ?? "").slice(0, maxLineCharacters);
    for (const line of lines) tell(line);
  });
  stream.on("close", () => {
    if (rest !== "") tell(rest);
  });
  stream.on("error", () => {}); // the ending of the process says what happened
  return [];
}

function feed(child: ChildProcessByStdio<Writable, Readable, Readable>, input: string | Uint8Array | undefined): void {
  child.stdin.on("error", () => {}); // a program may end before it has read all of its input
  child.stdin.end(input);
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already.
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function remedyOf(command: string, failure: ToolFailure): string {
  if (failure === "not-found") return `Install "${command}"; "rehome doctor" names the package.`;
  if (failure === "timed-out") return "See what keeps it waiting, then run the same command again.";
  return `See what "${command}" says when it is run by hand.`;
}
