import type { ProgressMode } from "../definition/index.ts";
import type { Messages } from "../terminal/messages.ts";
import type { ItemNoun, NounOf } from "./progress-text.ts";
import { ProgressView, type ProgressClock, type ProgressStyle } from "./progress-view.ts";

/** Decides how progress is shown: what was asked for, else nothing with `-q`, else what standard error can show. */
export function chooseProgressStyle(
  mode: ProgressMode | undefined,
  surroundings: { readonly quiet: boolean; readonly isTerminal: boolean; readonly terminalType: string | undefined },
): ProgressStyle {
  if (mode === "plain" || mode === "json" || mode === "none") return mode;
  if (surroundings.quiet && mode === undefined) return "none";
  return surroundings.isTerminal && surroundings.terminalType !== "dumb" ? "line" : "plain";
}

/** Starts to show progress, of what comes before the first report too; dispose of the view before results are printed. */
export function startProgress(style: ProgressStyle, messages: Messages, noun: ItemNoun | NounOf): ProgressView {
  const view = new ProgressView(style, messages, noun, processClock);
  view.onProgress({ version: 1, phase: "starting", bytes: 0, items: 0 });
  return view;
}

const processClock: ProgressClock = {
  elapsedMs: () => performance.now(),
  now: () => new Date(),
  every: (intervalMs, act) => {
    const timer = setInterval(act, intervalMs).unref();
    return () => clearInterval(timer);
  },
};
