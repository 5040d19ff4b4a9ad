/** What a console shows of a start: it came to a prompt, or it will not any more. */
export type Sighting = { readonly kind: "login-prompt" } | { readonly kind: "stopped"; readonly why: string };

const failures: readonly (readonly [RegExp, string])[] = [
  [
    /No bootable device|Boot failed: not a bootable disk|BdsDxe: No bootable option/,
    "the firmware found nothing to start",
  ],
  [/Security Violation|Access Denied/, "the firmware refused the boot loader: it is not signed by a key it knows"],
  [/^\s*grub rescue>|^\s*grub>/m, "GRUB did not find its menu"],
  [
    /error: (?:no such device|file `[^']*' not found|you need to load the kernel first)/,
    "GRUB did not find what its menu names",
  ],
  [/VFS: Unable to mount root fs/, "the kernel did not find its root"],
  [/ALERT! .* does not exist|Gave up waiting for root/, "the initramfs did not find the root file system"],
  [/You are in emergency mode|Entering emergency mode/, "the system went into emergency mode"],
  [/Kernel panic/, "the kernel panicked"],
];

const question = /Please unlock disk ([\w.-]+):/;
const maxKeptCharacters = 64 * 1024;
const longestPromptCharacters = 400;

/** Reads what a console writes, piece by piece; {@link see} tells as soon as the start has come to an end. */
export class ConsoleWatcher {
  #text = "";
  /** Where in the text questions are looked for: behind what was answered. */
  #unanswered = 0;

  /** What was written, escape sequences left out: the last 64 Ki characters. */
  get text(): string {
    return this.#text;
  }

  /** The name of the LUKS whose passphrase is asked for; undefined where nothing is asked, or it was answered. */
  get asked(): string | undefined {
    return question.exec(this.#text.slice(this.#unanswered))?.[1];
  }

  /** Takes note that the question was answered. */
  answer(): void {
    const found = question.exec(this.#text.slice(this.#unanswered));
    if (found) this.#unanswered += found.index + found[0].length;
  }

  /** Takes the next piece; undefined while the start goes on. */
  see(piece: string): Sighting | undefined {
    const text = plain(this.#text + piece);
    this.#text = text.slice(-maxKeptCharacters);
    this.#unanswered = Math.max(0, this.#unanswered - (text.length - this.#text.length));
    const recent = this.#text.slice(-(piece.length + longestPromptCharacters));
    // Messages of the kernel and of systemd, which begin with a bracket, may follow on the same line at once.
    if (/^[^\n]{0,200}login: ?(?:\[[^\n]*)?$/m.test(recent)) return { kind: "login-prompt" };
    const failure = failures.find(([pattern]) => pattern.test(this.#text));
    return failure && { kind: "stopped", why: failure[1] };
  }
}

/** Escape sequences of terminals; one that is cut off at the end stays until its rest comes. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- a terminal's sequences begin with it
  return text.replaceAll(/\x1b(?:\[[0-9;?=]*[A-Za-z@]|[()][0-9A-B]|[=>78cMDE])/g, "").replaceAll("\r", "");
}
