import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { cloneServeSystem, planCaptureOf, type Paths, type ServedSession } from "../../src/index.ts";
import { replaceFile } from "../../src/host/replace-file.ts";

/** A system whose capture stops half-way, until the test lets it go on. */
export interface LiveSystem {
  readonly tree: string;
  readonly paths: Paths;
  readonly nodes: number;
  /** The capture stops once it has read so much. */
  readonly stopsAtBytes: number;
  /** It goes on once this file is there. */
  readonly gate: string;
  /** Gets what happens, a line each, in order. */
  readonly records: string;
  readonly port: number;
  /** What nodes that clone to disks are told, in YAML. */
  readonly layout?: string;
  readonly lingerMs?: number;
  /** Gets the token, once nodes can join. */
  readonly tokenFile: string;
}

/** Slow, so that little is on its way that is not counted yet when it stops. */
const pace = 6_000_000;

/** Serves a system while it is captured. What nodes have is recorded when it changes. */
export async function serveLive({ tree, paths, nodes, gate, layout, lingerMs, ...live }: LiveSystem): Promise<void> {
  const record = (line: string): void => appendFileSync(live.records, `${line}\n`);
  const planned = await planCaptureOf(`${tree}/`, { paths });
  let readBytes = 0;
  let session: ServedSession | undefined;
  const watching = new AbortController();
  const watch = async (): Promise<void> => {
    for (let most = 0; !watching.signal.aborted; await wait(50)) {
      const has = Math.max(0, ...(session?.nodes() ?? []).map(({ report }) => report?.complete ?? 0));
      if (has > most) record(`frames ${has}`);
      most = Math.max(most, has);
    }
  };
  void watch();
  await cloneServeSystem(
    {
      captured: undefined,
      capture: (captureAs) =>
        captureAs(planned, {
          paths,
          rateBytesPerSecond: () => (existsSync(gate) ? undefined : readBytes < live.stopsAtBytes ? pace : 1),
          onProgress: ({ bytes }) => {
            readBytes = bytes;
          },
        }),
    },
    {
      session: "lab1",
      paths,
      port: live.port,
      host: "127.0.0.1",
      settings: { nodes, giveUpMs: 20_000 },
      ...(layout !== undefined && { disks: { layout: { file: "lab.yaml", text: layout } } }),
      ...(lingerMs !== undefined && { lingerMs }),
      onNote(note) {
        if (note.kind === "verdict" && !note.verdict.ok) record(`reason ${note.verdict.reason}`);
        record("name" in note ? `${note.kind} ${note.name}` : note.kind);
      },
      onLog: (node, line) => record(`${node}: ${line.split(" ")[0]}`),
    },
    (served) => {
      session = served;
      replaceFile(live.tokenFile, served.token, true);
    },
  );
  watching.abort();
}

if (import.meta.main) await serveLive(JSON.parse(process.argv[2] ?? "") as LiveSystem);
