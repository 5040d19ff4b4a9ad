import assert from "node:assert/strict";
import { test } from "node:test";
import { Coordinator } from "./coordinator.ts";
import type { CoordinatorCommand } from "./coordinator-events.ts";
import type { SessionSettings } from "./session-settings.ts";

const settings: SessionSettings = {
  nodes: 3,
  minNodes: 1,
  maxWaitMs: undefined,
  slowAfterMs: 10_000,
  giveUpMs: 15_000,
  order: [],
};

function join(coordinator: Coordinator, number: number, host: string, atMs = 0): CoordinatorCommand[] {
  return coordinator.handle({ kind: "joined", number, name: `n${number}`, host, port: 9, rejoins: 0 }, atMs);
}

function keepAlive(coordinator: Coordinator, atMs: number): void {
  const report = { complete: 0, lacking: 1, held: "no", silentMs: 0, epoch: 0 } as const;
  for (const { number } of coordinator.chain) coordinator.handle({ kind: "reported", number, report }, atMs);
}

test("a session starts when all nodes wait, in the order of their addresses, each fed by the one before", () => {
  const coordinator = new Coordinator(settings, 0);
  assert.deepEqual(
    join(coordinator, 1, "10.0.0.10").map(({ kind }) => kind),
    ["note"],
  );
  join(coordinator, 2, "10.0.0.9");
  assert.equal(coordinator.hasStarted, false);
  const commands = join(coordinator, 3, "10.0.0.11");
  assert.deepEqual(
    commands.flatMap((command) => (command.kind === "link" ? [[command.to, command.predecessor]] : [])),
    [
      [2, 0],
      [1, 2],
      [3, 1],
    ],
  );
  assert.deepEqual(
    commands.flatMap((command) => (command.kind === "note" && "daddy" in command.note ? [command.note.daddy] : [])),
    ["golden", "n2", "n1"],
  );
});

test("a session starts after the longest wait with enough nodes, and not before", () => {
  const coordinator = new Coordinator({ ...settings, nodes: 24, minNodes: 2, maxWaitMs: 5000 }, 0);
  join(coordinator, 1, "a");
  keepAlive(coordinator, 5000);
  coordinator.handle({ kind: "tick" }, 5001);
  assert.equal(coordinator.hasStarted, false);
  join(coordinator, 2, "b", 5100);
  keepAlive(coordinator, 5200);
  coordinator.handle({ kind: "tick" }, 5300);
  assert.equal(coordinator.hasStarted, true);
});

test("go starts with whoever waits, and does nothing while nobody does", () => {
  const coordinator = new Coordinator(settings, 0);
  coordinator.handle({ kind: "go" }, 0);
  assert.equal(coordinator.hasStarted, false);
  join(coordinator, 1, "a");
  coordinator.handle({ kind: "go" }, 0);
  assert.equal(coordinator.hasStarted, true);
});

test("--order comes before addresses", () => {
  const coordinator = new Coordinator({ ...settings, order: ["n3", "c"] }, 0);
  join(coordinator, 1, "b");
  join(coordinator, 2, "c");
  join(coordinator, 3, "d");
  assert.deepEqual(
    coordinator.chain.map(({ number }) => number),
    [3, 2, 1],
  );
});

test("a node whose link is lost while nothing is heard of its predecessor gets the one before that", () => {
  const coordinator = new Coordinator(settings, 0);
  for (const number of [1, 2, 3]) join(coordinator, number, `h${number}`);
  const report = { complete: 0, lacking: 1, held: "no", silentMs: 0, epoch: 0 } as const;
  for (const number of [1, 3]) coordinator.handle({ kind: "reported", number, report }, 1900);
  const epoch = coordinator.nodes[2]?.epoch ?? 0;
  const commands = coordinator.handle({ kind: "lost-link", number: 3, epoch }, 2000);
  assert.ok(commands.some((command) => command.kind === "link" && command.to === 3 && command.predecessor === 1));
  assert.equal(coordinator.nodes[1]?.state, "lost");
});

test("a node that never comes back is given up, and the session ends", () => {
  const coordinator = new Coordinator({ ...settings, nodes: 1 }, 0);
  join(coordinator, 1, "a");
  coordinator.handle({ kind: "left", number: 1 }, 100);
  assert.deepEqual(coordinator.handle({ kind: "tick" }, 15_000), []);
  assert.deepEqual(coordinator.handle({ kind: "tick" }, 15_101), [{ kind: "end" }]);
});

test("a session lingers before it ends, and serves who comes meanwhile", () => {
  const coordinator = new Coordinator({ ...settings, nodes: 1, lingerMs: 5000 }, 0);
  const verdict = { ok: true, digest: "", verifiedBytes: 0, retries: 0, reason: "" };
  join(coordinator, 1, "a");
  coordinator.handle({ kind: "verdict", number: 1, verdict }, 1000);
  const endsAt = (atMs: number): boolean => {
    keepAlive(coordinator, atMs);
    return coordinator.handle({ kind: "tick" }, atMs).some(({ kind }) => kind === "end");
  };
  assert.deepEqual([1000, 3000, 5900].map(endsAt), [false, false, false]);
  const links = join(coordinator, 2, "b", 5950).flatMap((command) => (command.kind === "link" ? [command.to] : []));
  assert.deepEqual(links, [2], "it is fed by the one before");
  assert.deepEqual([6100, 20_000].map(endsAt), [false, false], "it is waited for");
  coordinator.handle({ kind: "verdict", number: 2, verdict }, 20_000);
  assert.deepEqual([20_100, 25_000, 25_200].map(endsAt), [false, false, true]);
  assert.ok(coordinator.isOver);
});

test("a golden node that comes back waits for nodes that were verified, unless they were let go already", () => {
  const verdict = { ok: true, digest: "", verifiedBytes: 1, retries: 0, reason: "" };
  const nodes = [
    { number: 1, name: "a", host: "10.0.0.1", verdict },
    { number: 2, name: "b", host: "10.0.0.2", verdict: { ...verdict, ok: false, reason: "no space" } },
  ];
  const former = { started: true, firstEpoch: 1_000_000, nodes };
  const waiting = new Coordinator(settings, 0, { ...former, isOver: false });
  assert.deepEqual(
    waiting.nodes.map(({ state }) => state),
    ["verified", "failed"],
  );
  const endsAt = (coordinator: Coordinator, atMs: number): boolean =>
    coordinator.handle({ kind: "tick" }, atMs).some(({ kind }) => kind === "end");
  assert.equal(endsAt(waiting, 100), false);
  assert.equal(endsAt(waiting, settings.giveUpMs), true);
  const over = new Coordinator(settings, 0, { ...former, isOver: true });
  assert.equal(endsAt(over, 100), true);
});
