import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { JobId } from "../../engine/job.ts";
import type { JobFiles } from "../../engine/ports.ts";
import type { JobProgress } from "../../engine/progress/job-progress.ts";
import { replaceFile, syncPath } from "../replace-file.ts";
import { errnoNameOf } from "../system-call-error.ts";

/** Names of the files in a job's directory. */
export const jobFileNames = { log: "log", progress: "progress.json", evidence: "evidence.json" } as const;

/** Files of jobs below `directory`; see {@link JobFiles}. */
export function jobFiles(directory: string): JobFiles {
  const directoryOf = (id: string): string => {
    const path = join(directory, id);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  return {
    directoryOf,
    list: () =>
      readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && /^[0-9a-f]{8}$/.test(entry.name))
        .map(({ name }) => name as JobId),
    remove: (id) => rmSync(join(directory, id), { recursive: true, force: true }),
    appendLog(id, line) {
      // A line stays one line, whatever is in it.
      const text = `${new Date().toISOString()} ${line.replaceAll("\n", String.raw`\n`)}\n`;
      appendFileSync(join(directoryOf(id), jobFileNames.log), text, { mode: 0o600 });
    },
    publishProgress(id, progress) {
      const path = join(directoryOf(id), jobFileNames.progress);
      if (progress === undefined) rmSync(path, { force: true });
      else replaceFile(path, JSON.stringify(progress), false);
    },
    readProgress(id) {
      try {
        return JSON.parse(readFileSync(join(directory, id, jobFileNames.progress), "utf8")) as JobProgress;
      } catch (error) {
        if (errnoNameOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    writeEvidence(id, evidence) {
      const path = join(directoryOf(id), jobFileNames.evidence);
      replaceFile(path, `${JSON.stringify(evidence, undefined, 2)}\n`, true);
      syncPath(dirname(path));
    },
  };
}
