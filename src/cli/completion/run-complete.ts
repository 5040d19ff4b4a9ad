import { readdirSync } from "node:fs";
import { safeText } from "../render/safe-text.ts";
import { completeWords, type Candidate } from "./complete-words.ts";

/**
 * What the hidden command `__complete WORD...` prints for the scripts of `rehome completion`: a line for each candidate,
 * with its description after a tab, and a last line that says what the shell is to add, after a colon.
 */
export async function renderCompletion(words: readonly string[]): Promise<string> {
  const { candidates, shellAdds } = await completeWords(words, { images, machines, jobs, paths });
  const lines = candidates.map(({ value, description }) => `${safeText(value)}\t${safeText(description)}`);
  return [...lines, `:${shellAdds}`, ""].join("\n");
}

/** Names and tags, the newest first under each name. No store, no candidates. */
async function images(store: string | undefined): Promise<Candidate[]> {
  const { listImages } = await import("../../library/images/images.ts");
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
  const { choosePaths } = await import("../../library/settings/settings.ts");
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

const endedJobs = 20;

/** Jobs that did not end, and the newest that did. */
async function jobs(): Promise<Candidate[]> {
  const { listJobs } = await import("../../library/jobs/list-jobs.ts");
  try {
    return (await listJobs({ ended: endedJobs })).map(({ id, state, title }) => ({
      value: id,
      description: `${state}: ${title}`,
    }));
  } catch {
    return [];
  }
}

const patienceMs = 700;

/** A large directory is looked through for a moment only. Names that a shell would read as something else are left out. */
async function paths(image: string, directory: string, store: string | undefined): Promise<Candidate[]> {
  const [{ listEntries, parseTreePath }, { parentPath, baseName }] = await Promise.all([
    import("../../library/images/images.ts"),
    import("../../core/tree/walk-order.ts"),
  ]);
  const candidates: Candidate[] = [];
  try {
    const top = parseTreePath(directory);
    const endsAtMs = performance.now() + patienceMs;
    for await (const { path, kind } of listEntries(image, directory, store === undefined ? {} : { store })) {
      if (performance.now() > endsAtMs) break;
      if (path === top || parentPath(path) !== top || !/^[\w@%+=:,.-]+$/.test(baseName(path))) continue;
      candidates.push({ value: `${directory}${baseName(path)}${kind === "directory" ? "/" : ""}`, description: kind });
    }
  } catch {
    // No such image or directory: nothing to offer.
  }
  return candidates;
}
