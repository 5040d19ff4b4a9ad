import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const intervalMs = 200;

/** Has the kernel write out a file that another program writes to, which may not be there yet, until this is disposed of. */
export function writeOutEarly(path: string): AsyncDisposable {
  const ending = new AbortController();
  const { signal } = ending;
  const writing = (async () => {
    for (; !signal.aborted; await delay(intervalMs, undefined, { signal }).catch(() => undefined)) await writeOut(path);
  })();
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await writing;
    },
  };
}

/** What cannot be written out is told by who makes it durable in the end. */
async function writeOut(path: string): Promise<void> {
  try {
    await using file = await open(path, "r");
    await file.datasync();
  } catch {
    // Not there yet.
  }
}
