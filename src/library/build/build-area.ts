import { existsSync } from "node:fs";
import { UsageError } from "../../core/errors.ts";
import { areaPaths, openAreaFiles, readAreaRecord } from "../../host/build/area-files.ts";
import { directoryBlobStore } from "../../image/blob-store/directory-blob-store.ts";
import { listImageNames, removeName, type ImageName } from "../../image/store/image-names.ts";
import { BuildBusyError, isAreaRecord, type AreaRecord, type BuildArea } from "../../journeys/build/index.ts";
import { capture } from "../capture/capture.ts";
import { realPath } from "../settings/real-path.ts";
import { restore } from "../restore/restore.ts";
import { trustingAnybody, type Paths } from "../settings/settings.ts";
import { pruneStore, storeStats } from "../store/store-care.ts";
import { openStore, type StoreOptions } from "../store/store.ts";

/** What a look into a build's place tells; nobody is kept out by it. */
export type BuildAreaView = Pick<BuildArea, "readRecord" | "statesKept" | "stateBytes">;

/** Looks into the place of a build, which need not be there. */
export function viewBuildArea(directory: string, paths: Paths): BuildAreaView {
  const files = areaPaths(realPath(directory));
  return { readRecord: () => readRecord(files.record), ...viewStates(stateStore(files.states, paths)) };
}

/** Takes a directory for a build; its states are images in a store of its own. See `openAreaFiles`. */
export function openBuildArea(directory: string, who: string, paths: Paths): BuildArea {
  const place = realPath(directory);
  const files = openAreaFiles(place, who);
  if (typeof files === "string") throw new BuildBusyError(place, files);
  const { states: keptIn, record } = areaPaths(place);
  const options = stateStore(keptIn, paths);
  return {
    directory: place,
    root: files.root,
    work: files.work,
    detailLog: files.detailLog,
    readRecord: () => readRecord(record),
    writeRecord: files.writeRecord,
    ...viewStates(options),
    async keepState(work) {
      const { name } = await capture(`${files.state}/`, { ...options, ...work, name: "state" });
      return name.image;
    },
    async bringBack(state, work) {
      if (state === undefined) return await files.empty();
      files.assertNothingMounted();
      const converge = () =>
        restore(`@${state}`, files.state, { ...options, ...work, intoExisting: true, delete: true, backup: false });
      try {
        if (!existsSync(files.state)) await files.empty();
        await converge();
      } catch (error) {
        if (work.signal.aborted) throw error;
        // What a failed checkpoint left may be what keeps it from working: a full disk for one. Nothing of it is needed.
        await files.empty();
        await converge();
      }
    },
    async dropStatesBut(states, { onProgress, signal }) {
      const dropped = (await listStates(options)).filter(({ image }) => !states.has(image));
      if (dropped.length === 0) return;
      using opened = await openStore(options);
      for (const name of dropped) await removeName(opened.blobs, name);
      await pruneStore({ ...options, onProgress, signal });
    },
    clear: files.clear,
    log: files.log,
    keepLock: files.keepLock,
    [Symbol.asyncDispose]: async () => files[Symbol.dispose](),
  };
}

function readRecord(path: string): AreaRecord | undefined {
  const value = readAreaRecord(path);
  if (value === undefined || isAreaRecord(value)) return value;
  throw new UsageError(
    `cannot read "${path}": another version of rehome wrote it`,
    "Use that version, or remove the directory and build anew.",
  );
}

type StateStore = StoreOptions & { readonly store: string; readonly paths: Paths };

function stateStore(states: string, paths: Paths): StateStore {
  // Caches go with the states, and hooks are for captures that the user asks for.
  return {
    store: `${states}/store`,
    paths: { ...trustingAnybody(paths), stateDirectory: states, hooksDirectory: `${states}/no-hooks` },
  };
}

function viewStates(options: StateStore): Pick<BuildArea, "statesKept" | "stateBytes"> {
  return {
    statesKept: async () => new Set((await listStates(options)).map(({ image }) => image)),
    stateBytes: async () => (existsSync(options.store) ? (await storeStats(options)).storedBytes : 0),
  };
}

async function listStates(options: StateStore): Promise<readonly ImageName[]> {
  // Without the index of chunks, which a full disk would not let us open.
  return existsSync(options.store) ? await listImageNames(directoryBlobStore(options.store)) : [];
}
