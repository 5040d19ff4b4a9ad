import { readdirSync } from "node:fs";
import { safeText } from "../render/safe-text.ts";
import { completeWords, type Candidate } from "./complete-words.ts";

/**
 * What the hidden command `__complete WORD...` prints for the scripts of `rehome completion`: a line for each candidate,
 * with its description after a tab, and a last line that says what the shell is to add, after a colon.
 */
export async function renderCompletion(words: readonly string[]): Promise<string> {
  const { candidates, shellAdds } = await completeWords(words, { images, machines });
  const lines = candidates.map(({ value, description }) => `${safeText(value)}\t${safeText(description)}`);
  return [...lines, `:${shellAdds}`, ""].join("\n");
}

/** Names and tags, the newest first under each name. No store, no candidates. */
async function images(store: string | undefined): Promise<Candidate[]> {
  const { listImages } = await import("../../library/images.ts");
  try {
    const found = await listImages(store === undefined ? {} : { store });
    const names = new Set(found.map(({ name }) => name));
    return [...names].flatMap((wanted) => [
      { value: wanted, description: "the newest" },
      ...found
        .filter(({ name }) => name === wanted)
        .toReversed()
        .map(({ name, tag, kind, capturedAt }) => ({ value: `${name}:${tag}`, description: `${kind} ${capturedAt}` })),
    ]);
  } catch {
    return [];
  }
}

async function machinesDirectory(): Promise<string> {
  const { choosePaths } = await import("../../library/settings.ts");
  return choosePaths().machinesDirectory;
}

async function machines(): Promise<Candidate[]> {
  try {
    const found = readdirSync(await machinesDirectory(), { withFileTypes: true });
    return found
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => ({ value: `machine:${name}`, description: "machine" }));
  } catch {
    return [];
  }
}
