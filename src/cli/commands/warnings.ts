import type { Messages } from "../terminal/messages.ts";

const shownWarnings = 10;

/** Prints warnings: the first ten, or with `-v` all there are. `more` says where to find the others. */
export function printWarnings(messages: Messages, lines: readonly string[], count: number, more: string): void {
  const shown = messages.verbose > 0 ? lines : lines.slice(0, shownWarnings);
  for (const line of shown) messages.warn(`rehome: warning: ${line}`);
  if (count > shown.length) messages.warn(`rehome: warning: and ${count - shown.length} more; ${more}`);
}
