/** A thread that opens a journal, and says what came of it. */
import { parentPort, workerData } from "node:worker_threads";
import { SqliteJournal } from "../../src/engine/journal/sqlite-journal.ts";

const { path } = workerData as { readonly path: string };
parentPort?.postMessage("opening");
try {
  await using journal = SqliteJournal.open(path);
  await journal.list({});
  parentPort?.postMessage("opened");
} catch (error) {
  parentPort?.postMessage(String(error));
}
