import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { NodeRecord } from "../../../journeys/clone/chain/roster.ts";
import { SessionNotFoundError } from "../../../journeys/clone/errors.ts";
import { choosePaths, type Paths } from "../../settings/settings.ts";
import type { ServedSession } from "./serve-options.ts";
import { sessionDirectory } from "./session-place.ts";

/** What another process of this host may ask of the one that serves a session. */
export type SessionRequest =
  | { readonly ask: "go" | "status" }
  | { readonly ask: "exec"; readonly node: string; readonly words: readonly string[] };

/** How a session stands. */
export interface SessionStatus {
  readonly session: string;
  /** Absent while the system is captured. */
  readonly image?: string;
  readonly started: boolean;
  readonly nodes: readonly NodeStatus[];
}

/** How a node stands. */
export interface NodeStatus {
  readonly name: string;
  readonly address: string;
  readonly state: NodeRecord["state"];
  readonly aside: boolean;
  /** Frames it has, and lacks. */
  readonly complete: number;
  readonly lacking: number;
}

type Answer = { readonly status: SessionStatus } | { readonly exitStatus: number } | { readonly failure: string };

const requestBytes = 64 * 1024;

/** The door of a session for other processes of this host: a socket that only its user can reach. Closed when disposed of. */
export class SessionDoor implements Disposable {
  readonly #server: Server;
  readonly #path: string;

  /** @param allowExec Commands may be asked for. */
  constructor(session: string, served: ServedSession, allowExec: boolean, paths: Paths = choosePaths()) {
    const directory = sessionDirectory(paths.stateDirectory, session);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#path = `${directory}/door`;
    rmSync(this.#path, { force: true });
    this.#server = createServer((socket) =>
      answerOne(socket, (request) => answer(session, served, allowExec, request)),
    );
    this.#server.listen(this.#path);
  }

  [Symbol.dispose](): void {
    this.#server.close();
    rmSync(this.#path, { force: true });
  }
}

function answerOne(socket: Socket, act: (request: SessionRequest) => Promise<Answer>): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (part: string) => {
    text += part;
    if (text.length > requestBytes) socket.destroy();
    if (!text.endsWith("\n")) return;
    let request: SessionRequest;
    try {
      request = JSON.parse(text) as SessionRequest;
    } catch {
      socket.destroy();
      return;
    }
    void act(request).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
  });
}

async function answer(
  session: string,
  served: ServedSession,
  allowExec: boolean,
  request: SessionRequest,
): Promise<Answer> {
  if (request.ask === "exec") {
    if (!allowExec) return { failure: "the session was not served with --allow-exec" };
    const running = served.exec(request.node, request.words);
    return running === undefined ? { failure: `no node "${request.node}" is there` } : { exitStatus: await running };
  }
  if (request.ask === "go") served.go();
  return { status: statusOf(session, served) };
}

function statusOf(session: string, served: ServedSession): SessionStatus {
  const image = served.image();
  return {
    session,
    ...(image !== undefined && { image }),
    started: served.hasStarted(),
    nodes: served
      .nodes()
      .filter(({ state }) => state !== "replaced")
      .map(({ name, host, state, aside, report }) => ({
        name,
        address: host,
        state,
        aside,
        complete: report?.complete ?? 0,
        lacking: report?.lacking ?? 0,
      })),
  };
}

/** Asks the process that serves a session on this host. @throws {SessionNotFoundError} If there is none, or it refuses. */
export async function askSession(
  session: string,
  request: SessionRequest,
  paths: Paths = choosePaths(),
): Promise<Answer> {
  const path = `${sessionDirectory(paths.stateDirectory, session)}/door`;
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(path);
    let received = "";
    socket.setEncoding("utf8");
    socket.on("error", () => reject(new SessionNotFoundError(session, "it is not served on this host")));
    socket.on("data", (part: string) => {
      received += part;
    });
    socket.on("end", () => resolve(received));
    socket.write(`${JSON.stringify(request)}\n`);
  });
  const reply = JSON.parse(text) as Answer;
  if ("failure" in reply) throw new SessionNotFoundError(session, reply.failure);
  return reply;
}

/** Keeps a line of a node's log at the golden node. */
export function keepNodeLine(session: string, node: string, line: string, paths: Paths = choosePaths()): void {
  const directory = `${sessionDirectory(paths.stateDirectory, session)}/nodes`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  appendFileSync(`${directory}/${node}.log`, `${new Date().toISOString()} ${line.replaceAll("\n", " ")}\n`, {
    mode: 0o600,
  });
}

/** The log of a node from byte `at` on, as far as it goes. @throws {SessionNotFoundError} If there is none. */
export function readNodeLog(session: string, node: string, at = 0, paths: Paths = choosePaths()): Buffer {
  const isName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
  try {
    if (isName.test(node) && isName.test(session))
      return readFileSync(`${sessionDirectory(paths.stateDirectory, session)}/nodes/${node}.log`).subarray(at);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  throw new SessionNotFoundError(session, `it has no log of a node "${node}"`);
}

/** Whether a process of this host serves the session now. */
export async function isServed(session: string, paths: Paths = choosePaths()): Promise<boolean> {
  try {
    await askSession(session, { ask: "status" }, paths);
    return true;
  } catch (error) {
    if (error instanceof SessionNotFoundError) return false;
    throw error;
  }
}
