import type { OnProgress, Progress } from "../../core/progress.ts";
import type { Messages } from "../terminal/messages.ts";
import { formatProgress, formatProgressJson, type ItemNoun, type NounOf } from "./progress-text.ts";
import { RateEstimate, type Pace } from "../../engine/progress/rate-estimate.ts";

/** How progress is shown once `auto` is decided. */
export type ProgressStyle = "line" | "plain" | "json" | "none";

/** Clock and timer, so that tests need not wait. */
export interface ProgressClock {
  /** Milliseconds from any moment, never going back. */
  readonly elapsedMs: () => number;
  readonly now: () => Date;
  /** Calls `act` again and again until the function it returns is called; keeps no process alive. */
  readonly every: (intervalMs: number, act: () => void) => () => void;
}

// A line is redrawn at most five times a second; lines that stay are fewer.
const intervalsMs: Readonly<Record<ProgressStyle, number>> = {
  line: 200,
  plain: 5000,
  json: 200,
  none: Number.POSITIVE_INFINITY,
};
const firstPlainMs = 2000;
const jsonRepeatMs = 5000;

/**
 * Shows the progress of one operation. Silent phases are shown too: the time they have taken goes on.
 *
 * Invariants: nothing is shown after disposal, and a line that was redrawn is gone then.
 */
export class ProgressView implements Disposable {
  readonly #style: ProgressStyle;
  readonly #messages: Messages;
  readonly #nounOf: NounOf;
  readonly #clock: ProgressClock;
  readonly #stop: () => void;
  #latest: Progress | undefined;
  #estimate: RateEstimate | undefined;
  #shown: Progress | undefined;
  #nextAtMs = 0;
  #shownAtMs = 0;

  constructor(style: ProgressStyle, messages: Messages, noun: ItemNoun | NounOf, clock: ProgressClock) {
    this.#style = style;
    this.#messages = messages;
    this.#nounOf = typeof noun === "function" ? noun : () => noun;
    this.#clock = clock;
    this.#stop = style === "none" ? () => undefined : clock.every(200, () => this.#show());
  }

  /** Takes progress; cheap where nothing is to be drawn. */
  readonly onProgress: OnProgress = (progress) => {
    const begins = progress.phase !== this.#latest?.phase;
    if (begins) this.#begin(progress);
    this.#latest = progress;
    if (this.#style !== "none") this.#show();
  };

  [Symbol.dispose](): void {
    this.#stop();
    if (this.#style === "json" && this.#latest !== this.#shown) this.#draw();
    if (this.#style === "line") this.#messages.status("");
    this.#endPhase();
    this.#latest = undefined;
  }

  #begin(progress: Progress): void {
    const atMs = this.#clock.elapsedMs();
    if (this.#style === "json" && this.#latest !== this.#shown) this.#draw();
    this.#endPhase();
    this.#estimate = new RateEstimate(progress, atMs);
    this.#nextAtMs =
      this.#style === "plain" ? atMs + firstPlainMs : this.#style === "json" ? atMs : Math.max(this.#nextAtMs, atMs);
  }

  /** With `-v` each phase leaves a line that says what it took. */
  #endPhase(): void {
    if (this.#latest === undefined || this.#estimate === undefined || this.#style === "json") return;
    const { elapsedMs } = this.#estimate.pace(this.#latest, this.#clock.elapsedMs());
    this.#messages.detail(
      this.#text(this.#latest, { elapsedMs, bytesPerSecond: (this.#latest.bytes / elapsedMs) * 1000 }),
    );
  }

  #show(): void {
    if (this.#latest === undefined) return;
    const atMs = this.#clock.elapsedMs();
    if (atMs < this.#nextAtMs) return;
    if (this.#style === "json" && this.#latest === this.#shown && atMs - this.#shownAtMs < jsonRepeatMs) return;
    this.#nextAtMs = atMs + intervalsMs[this.#style];
    this.#draw();
  }

  #draw(): void {
    if (this.#latest === undefined || this.#estimate === undefined) return;
    this.#shownAtMs = this.#clock.elapsedMs();
    const pace = this.#estimate.pace(this.#latest, this.#shownAtMs);
    this.#shown = this.#latest;
    if (this.#style === "json") this.#messages.warn(formatProgressJson(this.#latest, pace, this.#clock.now()));
    else if (this.#style === "line") this.#messages.status(this.#text(this.#latest, pace));
    else this.#messages.warn(this.#text(this.#latest, pace));
  }

  #text(progress: Progress, pace: Pace): string {
    return formatProgress(progress, pace, this.#nounOf(progress.phase));
  }
}
