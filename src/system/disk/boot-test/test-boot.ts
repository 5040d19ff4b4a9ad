import { InterruptedError, RehomeError } from "../../../core/errors.ts";
import type { ToolCommand } from "../commands/tool-command.ts";
import { firmwareFiles, guestCommand, type GuestComputer } from "./guest-command.ts";
import { ConsoleWatcher } from "./watch-console.ts";

/** A virtual machine that runs until it is disposed of. */
export interface Guest extends AsyncDisposable {
  /** What it writes to its console; ends when the machine does. */
  readonly console: AsyncIterable<string>;
  /** Types on its console. */
  type(text: string): void;
}

/** What a boot test needs of this host. */
export interface GuestPorts {
  /** Starts a program that is ended when it is disposed of, and when this process dies. */
  start(command: ToolCommand, signal: AbortSignal): Guest;
  /** A copy of a file of this host, removed when it is disposed of. */
  copyFile(path: string): Disposable & { readonly path: string };
}

/** How a disk is tested. */
export interface BootTestOptions {
  /** The whole start has to be done in this. */
  readonly timeoutMs: number;
  /** What is typed when the system asks for the passphrase of a LUKS of this name. */
  readonly passphraseOf?: (luks: string) => string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A disk that came to a login prompt. */
export interface BootTestResult {
  readonly durationMs: number;
  /** The end of what the console showed. */
  readonly console: string;
}

/** A disk did not come to a login prompt. */
export class BootTestError extends RehomeError {
  override readonly name = "BootTestError";
  readonly code = "BOOT_TEST_FAILED";
  /** The end of what the console showed. */
  readonly console: string;

  constructor(disk: string, what: string, console: string) {
    const lastLine = console.trimEnd().split("\n").at(-1)?.slice(0, 200) ?? "";
    const shown = lastLine === "" ? "its console showed nothing" : `the last line of its console: ${lastLine}`;
    super(
      `cannot start "${disk}": ${what}; ${shown}`,
      "Look at the console (-v shows it); a console that shows nothing may lack console=ttyS0.",
    );
    this.console = console;
  }
}

/**
 * Starts a disk in a virtual machine and waits until its console shows a login prompt. The disk is not changed.
 *
 * @throws {BootTestError} If the start stops before that, or takes longer than `timeoutMs`.
 * @throws {InterruptedError}
 */
export async function testBoot(
  computer: GuestComputer,
  { timeoutMs, passphraseOf, signal }: BootTestOptions,
  ports: GuestPorts,
): Promise<BootTestResult> {
  const startedMs = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  // A firmware writes to its variables.
  using variables = computer.firmware === "uefi" ? ports.copyFile(firmwareFiles(computer).variables) : undefined;
  const stop = signal ? AbortSignal.any([signal, timeout]) : timeout;
  await using guest = ports.start(guestCommand(computer, variables?.path), stop);
  const watcher = new ConsoleWatcher();
  for await (const piece of guest.console) {
    const sighting = watcher.see(piece);
    if (sighting?.kind === "login-prompt") return { durationMs: performance.now() - startedMs, console: watcher.text };
    if (sighting?.kind === "stopped") throw new BootTestError(computer.disk, sighting.why, watcher.text);
    const { asked } = watcher;
    if (asked === undefined) continue;
    const passphrase = passphraseOf?.(asked);
    if (passphrase === undefined)
      throw new BootTestError(
        computer.disk,
        `it asks for the passphrase of "${asked}", and none is given`,
        watcher.text,
      );
    watcher.answer();
    guest.type(`${passphrase}\r`);
  }
  if (signal?.aborted) throw new InterruptedError(`the start of "${computer.disk}"`);
  const what = timeout.aborted
    ? `it showed no login prompt within ${Math.round(timeoutMs / 1000)} s`
    : "the virtual machine ended before a login prompt";
  throw new BootTestError(computer.disk, what, watcher.text);
}
