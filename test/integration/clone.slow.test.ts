import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import {
  capture,
  checkStore,
  cloneJoin,
  cloneJoinStore,
  cloneServe,
  diffTree,
  type CloneServeResult,
  type Paths,
} from "../../src/index.ts";
import { controlTls } from "../../src/journeys/clone/control/control-connection.ts";
import { MessageSplitter, type Message } from "../../src/journeys/clone/wire/messages.ts";
import { controlIdentity, controlKey, formatToken, parseToken } from "../../src/journeys/clone/wire/token.ts";
import { testPlace, type Place } from "../support/place.ts";
import { snapshotTree } from "../support/snapshot.ts";
import { asRoot } from "../support/temporary-directory.ts";

interface Lab {
  readonly place: Place;
  readonly tree: string;
  readonly target: (node: string) => string;
  readonly pathsOf: (node: string) => Paths;
}

/** A captured tree with much that is the same twice, large and small. */
async function makeLab(context: TestContext): Promise<Lab> {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  mkdirSync(join(tree, "a/b"), { recursive: true });
  const large = randomBytes(20_000_000);
  writeFileSync(join(tree, "a/large"), large);
  writeFileSync(join(tree, "z-again"), large);
  for (let at = 0; at < 300; at++) writeFileSync(join(tree, `a/b/${at}`), `file ${at}\n`.repeat(at));
  await capture(`${tree}/`, { paths: place.paths, name: "web" });
  return {
    place,
    tree,
    target: (node) => join(place.directory, "targets", node),
    pathsOf: (node) => ({ ...place.paths, stateDirectory: join(place.directory, "state", node) }),
  };
}

interface Served {
  readonly token: string;
  readonly port: number;
}

function serve(lab: Lab, nodes: number, onServing: (served: Served) => void): Promise<CloneServeResult> {
  const settings = { nodes, giveUpMs: 1000 };
  const options = { session: "lab1", paths: lab.pathsOf("golden"), port: 0, host: "127.0.0.1", settings };
  return cloneServe("web", { ...options, store: lab.place.paths.store }, onServing);
}

function joinAs(lab: Lab, node: string, { token, port }: Served, update = false): ReturnType<typeof cloneJoin> {
  const address = { session: "lab1", token, from: "127.0.0.1", port, update };
  return cloneJoin(lab.target(node), { ...address, name: node, listenHost: "127.0.0.1", paths: lab.pathsOf(node) });
}

test("three nodes in a chain have the tree, read back, and the session ends by itself", asRoot, async (context) => {
  const lab = await makeLab(context);
  const joined: ReturnType<typeof cloneJoin>[] = [];
  const result = await serve(lab, 3, (served) => {
    for (const node of ["n1", "n2", "n3"]) joined.push(joinAs(lab, node, served));
  });
  const results = await Promise.all(joined);
  assert.equal(result.stopped, false);
  assert.deepEqual(new Set(results.map(({ digest }) => digest)).size, 1);
  for (const node of ["n1", "n2", "n3"]) assert.deepEqual(snapshotTree(lab.target(node)), snapshotTree(lab.tree));
  // What is there twice went once, and only the head was fed by the golden node.
  assert.ok(result.figures.sentBytes < 22_000_000, `${result.figures.sentBytes} bytes were sent`);
});

test("older clones take only what they lack, and feed a blank node behind them", asRoot, async (context) => {
  const lab = await makeLab(context);
  const old = ["n1", "n2"];
  const first: ReturnType<typeof cloneJoin>[] = [];
  await serve(lab, 2, (served) => {
    first.push(...old.map((node) => joinAs(lab, node, served)));
  });
  await Promise.all(first);
  // Changed, new, gone, and grown at its end; one clone has been used meanwhile.
  writeFileSync(join(lab.tree, "a/b/7"), "changed");
  writeFileSync(join(lab.tree, "a/new"), randomBytes(300_000));
  rmSync(join(lab.tree, "a/b/200"));
  appendFileSync(join(lab.tree, "z-again"), "more");
  await capture(`${lab.tree}/`, { paths: lab.place.paths, name: "web" });
  writeFileSync(join(lab.target("n2"), "a/b/8"), "somebody was here");
  writeFileSync(join(lab.target("n2"), "a/stray"), "and left this");
  chmodSync(join(lab.target("n2"), "a/b"), 0o700);
  const joined: ReturnType<typeof cloneJoin>[] = [];
  const updated = await serve(lab, 2, (served) => {
    joined.push(...old.map((node) => joinAs(lab, node, served, true)));
  });
  await Promise.all(joined);
  for (const node of old) assert.deepEqual(snapshotTree(lab.target(node)), snapshotTree(lab.tree), node);
  assert.ok(updated.figures.sentBytes < 3_000_000, `${updated.figures.sentBytes} bytes were sent`);
  const mixed: ReturnType<typeof cloneJoin>[] = [];
  await serve(lab, 2, (served) => {
    mixed.push(joinAs(lab, "n1", served, true), joinAs(lab, "n3", served));
  });
  const [, blank] = await Promise.all(mixed);
  assert.equal(blank?.losses.length, 0);
  assert.deepEqual(snapshotTree(lab.target("n3")), snapshotTree(lab.tree));
});

test(
  "a store as target gets the image, of a newer one only what is new, and feeds those behind",
  asRoot,
  async (context) => {
    const lab = await makeLab(context);
    const store = join(lab.place.directory, "own-store");
    const joinStore = ({ token, port }: Served): ReturnType<typeof cloneJoinStore> => {
      const address = { session: "lab1", token, from: "127.0.0.1", port, listenHost: "127.0.0.1" };
      return cloneJoinStore({ ...address, name: "n0", store, paths: lab.pathsOf("n0") });
    };
    const equals = async (): Promise<void> => {
      const image = `${store}#web`;
      const differences = await Array.fromAsync(diffTree(image, lab.tree, { paths: lab.pathsOf("n0") }));
      assert.deepEqual(differences, []);
      const { damages } = await checkStore({ store, paths: lab.pathsOf("n0") });
      assert.deepEqual(damages, []);
    };
    const first: ReturnType<typeof cloneJoinStore>[] = [];
    await serve(lab, 1, (served) => void first.push(joinStore(served)));
    assert.equal((await first[0])?.name.tag, "1");
    await equals();
    writeFileSync(join(lab.tree, "a/new"), randomBytes(300_000));
    await capture(`${lab.tree}/`, { paths: lab.place.paths, name: "web" });
    const joined: Promise<unknown>[] = [];
    const names: ReturnType<typeof cloneJoinStore>[] = [];
    await serve(lab, 2, (served) => {
      names.push(joinStore(served));
      joined.push(joinAs(lab, "n1", served));
    });
    await Promise.all(joined);
    const again = await names[0];
    assert.equal(again?.name.tag, "2");
    assert.ok(again.name.storedBytes < 1_000_000, `${again.name.storedBytes} bytes were stored`);
    await equals();
    assert.deepEqual(snapshotTree(lab.target("n1")), snapshotTree(lab.tree));
    const same: ReturnType<typeof cloneJoinStore>[] = [];
    await serve(lab, 1, (served) => void same.push(joinStore(served)));
    assert.equal((await same[0])?.name.tag, "2", "the same image keeps its name");
  },
);

test("who has no token, or another session's, gets nothing", asRoot, async (context) => {
  const lab = await makeLab(context);
  const wrong = formatToken({ fingerprint: randomBytes(32), secret: randomBytes(32) });
  const attempts: Promise<unknown>[] = [];
  const result = await serve(lab, 1, (served) => {
    const { fingerprint, secret } = parseToken(served.token);
    attempts.push(
      // A secret that is not the session's does not get through the handshake.
      assert.rejects(speak(served.port, wrong, "lab1", () => undefined)),
      assert.rejects(speak(served.port, served.token, "lab2", () => undefined)),
      // A link without a ticket is closed without a byte of a frame.
      tryLink(served.port).then((bytes) => assert.equal(bytes.length, 40)),
      // Another golden key under the right secret is found out by the node.
      giveUpSoon(lab, {
        ...served,
        token: formatToken({ fingerprint: fingerprint.map((byte) => byte ^ 1) as Buffer, secret }),
      }),
      joinAs(lab, "n1", served),
    );
  });
  await Promise.all(attempts);
  assert.deepEqual(
    result.nodes.filter(({ state }) => state === "verified").map(({ name }) => name),
    ["n1"],
  );
});

test("another version of the protocol is refused by its number", asRoot, async (context) => {
  const lab = await makeLab(context);
  let answer: Message | undefined;
  await serve(lab, 1, (served) => {
    void speak(served.port, served.token, "lab1", () => Buffer.from([2, 0, 0, 0, 1, 9])).then((message) => {
      answer = message;
      void joinAs(lab, "n1", served);
    });
  });
  assert.ok(answer?.kind === "refuse" && answer.code === "version" && answer.reason.includes("version 9"));
});

/** Speaks with a control port as somebody with `token` would; resolves with the first answer. */
function speak(port: number, token: string, session: string, hello: () => Buffer | undefined): Promise<Message> {
  return new Promise((resolve, reject) => {
    const psk = { psk: controlKey(parseToken(token)), identity: controlIdentity(session) };
    const socket = connectTls({
      ...controlTls,
      host: "127.0.0.1",
      port,
      pskCallback: () => psk,
      checkServerIdentity: () => undefined,
    });
    const splitter = new MessageSplitter();
    socket.on("secureConnect", () => socket.write(hello() ?? Buffer.alloc(0)));
    socket.on("data", (bytes: Buffer) => {
      const [message] = splitter.push(bytes);
      if (message) resolve(message);
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new RangeError("closed")));
  });
}

/** Tries to get frames over a link with a proof that is none; resolves with all that came. */
function tryLink(port: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1");
    let received = Buffer.alloc(0);
    socket.write("RHLINK01");
    socket.on("data", (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      const attach = Buffer.concat([Buffer.from([35, 0, 0, 0, 32, 1, 1]), Buffer.alloc(32)]);
      socket.write(attach);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve(received));
  });
}

/** Joins with a token that nobody can fulfil; resolves once it has said so five times. */
async function giveUpSoon(lab: Lab, { token, port }: Served): Promise<void> {
  const stop = new AbortController();
  const lines: string[] = [];
  const options = { session: "lab1", token, from: "127.0.0.1", port, name: "misled", paths: lab.pathsOf("misled") };
  const onLine = (line: string): void => {
    lines.push(line);
    stop.abort();
  };
  await assert.rejects(cloneJoin(lab.target("misled"), { ...options, onLine, signal: stop.signal }));
  assert.ok(lines.some((line) => line.startsWith("Can't reach a valid KA server")));
  assert.throws(() => readFileSync(join(lab.target("misled"), "a/large")), { code: "ENOENT" });
}
