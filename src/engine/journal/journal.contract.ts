import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JobLostError, TransitionError } from "../errors.ts";
import type { JobId, NewJob } from "../job.ts";
import type { JobClaim, Journal } from "./journal.ts";

const id = (text: string): JobId => text as JobId;

const newJob = (name: string, more: Partial<NewJob> = {}): NewJob => ({
  id: id(name),
  kind: "capture",
  title: `capture ${name}`,
  planVersion: 1,
  parameters: { system: "/", excludes: ["a", "b"] },
  plan: { steps: [{ kind: "read" }] },
  createdAtMs: 1000,
  checkpoints: [
    { name: "read", title: "Read it", weight: 3, undo: "removes" },
    { name: "drop", title: "Drop it", weight: 1, undo: "none" },
  ],
  ...more,
});

const claimAt = (epoch: number, more: Partial<JobClaim> = {}): JobClaim => ({
  epoch,
  state: "running",
  owner: { host: "here", pid: 42 },
  leaseUntilMs: 31_000,
  atMs: 2000,
  ...more,
});

/** Tests that `make` gives journals that keep the contract of {@link Journal}; each gets a new, empty one. */
export function describeJournal(name: string, make: () => Promise<Journal> | Journal): void {
  const check = (what: string, work: (journal: Journal) => Promise<void>): void => {
    test(what, async () => {
      await using journal = await make();
      await work(journal);
    });
  };

  describe(`${name} as a Journal`, () => {
    check("add() makes a queued job at epoch 0 with pending checkpoints", async (journal) => {
      assert.equal(await journal.add(newJob("0a")), true);
      const job = await journal.read(id("0a"));
      assert.equal(job?.state, "queued");
      assert.equal(job.epoch, 0);
      assert.equal(job.owner, null);
      assert.deepEqual(job.parameters, newJob("0a").parameters);
      assert.deepEqual(job.plan, newJob("0a").plan);
      assert.deepEqual(
        job.checkpoints.map(({ name: each, state, cursor, result }) => [each, state, cursor, result]),
        [
          ["read", "pending", null, null],
          ["drop", "pending", null, null],
        ],
      );
    });

    check("add() returns false and changes nothing, when the id is taken", async (journal) => {
      await journal.add(newJob("0a"));
      assert.equal(await journal.add(newJob("0a", { kind: "restore" })), false);
      assert.equal((await journal.read(id("0a")))?.kind, "capture");
      assert.equal((await journal.events(id("0a"), 0, 10)).length, 1);
    });

    check("read() and signals() know no job that was not added", async (journal) => {
      assert.equal(await journal.read(id("ff")), undefined);
      assert.equal(await journal.signals(id("ff")), undefined);
      assert.equal(await journal.request(id("ff"), { stop: "pause" }, 1), false);
    });

    check("find() gives the ids that begin so, in order, at most ten", async (journal) => {
      for (const each of ["ab2", "ab1", "ac1"]) await journal.add(newJob(each));
      for (let more = 0; more < 12; more++) await journal.add(newJob(`f${more.toString(16)}`));
      assert.deepEqual(await journal.find("ab"), ["ab1", "ab2"]);
      assert.deepEqual(await journal.find("ac1"), ["ac1"]);
      assert.deepEqual(await journal.find("b"), []);
      assert.equal((await journal.find("f")).length, 10);
    });

    check("find() takes what it is given as it is", async (journal) => {
      await journal.add(newJob("ab"));
      for (const text of ["%", "_b", "a%", "'", "a*"]) assert.deepEqual(await journal.find(text), [], text);
    });

    check("list() gives the newest first, by state and kind, up to a limit", async (journal) => {
      for (const each of ["a1", "a2", "a3"]) await journal.add(newJob(each, { createdAtMs: 1000 }));
      await journal.add(newJob("a4", { kind: "restore" }));
      await journal.claim(id("a2"), claimAt(0));
      const ids = async (filter: Parameters<Journal["list"]>[0]): Promise<string[]> =>
        (await journal.list(filter)).map((job) => job.id);
      assert.deepEqual(await ids({}), ["a4", "a3", "a2", "a1"]);
      assert.deepEqual(await ids({ limit: 2 }), ["a4", "a3"]);
      assert.deepEqual(await ids({ states: ["running"] }), ["a2"]);
      assert.deepEqual(await ids({ states: ["queued"], kinds: ["capture"] }), ["a3", "a1"]);
      assert.deepEqual(await ids({ states: [] }), []);
      const [running] = await journal.list({ states: ["running"] });
      assert.deepEqual(running?.owner, { host: "here", pid: 42 });
      assert.equal(running?.changedAtMs, 2000);
    });

    check("claim() gives the job to one of many, at the next epoch", async (journal) => {
      await journal.add(newJob("0a"));
      const claims = await Promise.all(
        [1, 2, 3].map((pid) => journal.claim(id("0a"), claimAt(0, { owner: { host: "here", pid } }))),
      );
      assert.equal(claims.filter((job) => job !== undefined).length, 1);
      const job = await journal.read(id("0a"));
      assert.equal(job?.epoch, 1);
      assert.equal(job.state, "running");
    });

    check(
      "claim() lets a job be taken over that is running, and forgets requests to stop, not the rate",
      async (journal) => {
        await journal.add(newJob("0a"));
        await journal.claim(id("0a"), claimAt(0));
        await journal.request(id("0a"), { stop: "pause", rateBytesPerSecond: 5 }, 2500);
        const job = await journal.claim(id("0a"), claimAt(1, { owner: { host: "here", pid: 43 } }));
        assert.deepEqual(job?.request, { stop: null, rateBytesPerSecond: 5 });
        assert.deepEqual(job?.owner, { host: "here", pid: 43 });
      },
    );

    check("claim() throws TransitionError, when the state does not allow it", async (journal) => {
      await journal.add(newJob("0a"));
      await assert.rejects(journal.claim(id("0a"), claimAt(0, { state: "undoing" })), TransitionError);
      assert.equal((await journal.read(id("0a")))?.epoch, 0);
    });

    check("write() keeps all of a change", async (journal) => {
      await journal.add(newJob("0a"));
      await journal.claim(id("0a"), claimAt(0));
      await journal.write(id("0a"), 1, { atMs: 3000, checkpoint: { index: 0, state: "running", startedAtMs: 3000 } });
      await journal.write(id("0a"), 1, { atMs: 3100, checkpoint: { index: 0, cursor: { at: "é\u0000\n" } } });
      const done = { index: 0, state: "done", result: [1, null, "x"], endedAtMs: 3200 } as const;
      await journal.write(id("0a"), 1, { atMs: 3200, checkpoint: done });
      const failure = { code: "NO_SPACE", message: "cannot", remedy: "free", checkpoint: "drop" };
      await journal.write(id("0a"), 1, { atMs: 3300, state: "failed", failure });
      const job = await journal.read(id("0a"));
      const { title: _title, weight: _weight, undo: _undo, ...first } = job?.checkpoints[0] ?? assert.fail();
      const cursor = { at: "é\u0000\n" };
      assert.deepEqual(first, {
        name: "read",
        state: "done",
        cursor,
        result: [1, null, "x"],
        startedAtMs: 3000,
        endedAtMs: 3200,
      });
      assert.equal(job?.state, "failed");
      assert.equal(job?.owner, null);
      assert.equal(job?.changedAtMs, 3300);
      assert.deepEqual(job?.failure, failure);
    });

    check("write() throws JobLostError and changes nothing, when the job is at another epoch", async (journal) => {
      await journal.add(newJob("0a"));
      await journal.claim(id("0a"), claimAt(0));
      await journal.claim(id("0a"), claimAt(1));
      const before = await journal.read(id("0a"));
      for (const epoch of [0, 1, 3])
        await assert.rejects(journal.write(id("0a"), epoch, { atMs: 1, state: "done" }), JobLostError);
      await assert.rejects(journal.renew(id("0a"), 1, 99_000), JobLostError);
      assert.deepEqual(await journal.read(id("0a")), before);
      await journal.renew(id("0a"), 2, 99_000);
      assert.equal((await journal.signals(id("0a")))?.leaseUntilMs, 99_000);
    });

    check("write() throws TransitionError and changes nothing, when a state must not follow", async (journal) => {
      await journal.add(newJob("0a"));
      await assert.rejects(journal.write(id("0a"), 0, { atMs: 1, state: "done", result: 5 }), TransitionError);
      assert.equal((await journal.read(id("0a")))?.result, null);
    });

    check("request() reaches signals(), key by key", async (journal) => {
      await journal.add(newJob("0a"));
      await journal.claim(id("0a"), claimAt(0));
      await journal.request(id("0a"), { rateBytesPerSecond: 1000 }, 2100);
      await journal.request(id("0a"), { stop: "cancel" }, 2200);
      assert.deepEqual(await journal.signals(id("0a")), {
        epoch: 1,
        request: { stop: "cancel", rateBytesPerSecond: 1000 },
        leaseUntilMs: 31_000,
      });
    });

    check("events() are numbered without gaps, in the order they happened", async (journal) => {
      await journal.add(newJob("0a"));
      await journal.add(newJob("0b"));
      await journal.claim(id("0a"), claimAt(0));
      await journal.write(id("0a"), 1, { atMs: 3000, event: { kind: "warning", facts: { message: "odd" } } });
      await journal.write(id("0a"), 1, { atMs: 3000, checkpoint: { index: 0, state: "done" }, state: "paused" });
      const events = await journal.events(id("0a"), 0, 100);
      assert.deepEqual(
        events.map(({ number, kind }) => [number, kind]),
        [
          [1, "created"],
          [2, "state"],
          [3, "warning"],
          [4, "checkpoint"],
          [5, "state"],
        ],
      );
      assert.deepEqual(
        (await journal.events(id("0a"), 2, 2)).map(({ number }) => number),
        [3, 4],
      );
      assert.equal((await journal.events(id("0b"), 0, 100)).length, 1);
    });

    check("forgetEvents() forgets those of before of jobs without an owner; numbers go on", async (journal) => {
      await journal.add(newJob("0a"));
      await journal.add(newJob("0b"));
      await journal.claim(id("0b"), claimAt(0));
      assert.equal(await journal.forgetEvents(1500), 1);
      assert.equal((await journal.events(id("0a"), 0, 9)).length, 0);
      assert.equal((await journal.events(id("0b"), 0, 9)).length, 2);
      await journal.claim(id("0a"), claimAt(0));
      assert.deepEqual(
        (await journal.events(id("0a"), 0, 9)).map(({ number }) => number),
        [2],
      );
    });

    check(
      "forgetJobs() forgets those that ended before, the longest ended first, and keeps what holds something",
      async (journal) => {
        const end = async (each: string, atMs: number, state: "done" | "failed"): Promise<void> => {
          await journal.add(newJob(each));
          await journal.claim(id(each), claimAt(0));
          await journal.write(id(each), 1, { atMs, state });
        };
        await end("0d", 4000, "done");
        await end("0a", 3000, "done");
        await end("0b", 3100, "failed");
        await end("0c", 9000, "done");
        await end("0e", 3200, "done");
        await journal.write(id("0e"), 1, { atMs: 1, hold: { kind: "mount", what: "/mnt" } });
        await journal.add(newJob("0f"));
        assert.deepEqual(await journal.forgetJobs(5000, 1), ["0a"]);
        assert.deepEqual(await journal.forgetJobs(5000, 9), ["0d"]);
        assert.deepEqual(await journal.forgetJobs(5000, 9), []);
        assert.equal(await journal.read(id("0a")), undefined);
        assert.deepEqual(await journal.events(id("0a"), 0, 9), []);
        assert.deepEqual(
          (await journal.list({})).map((job) => job.id),
          ["0f", "0e", "0c", "0b"],
        );
        assert.equal(await journal.add(newJob("0a")), true);
        assert.deepEqual(
          (await journal.events(id("0a"), 0, 9)).map(({ number }) => number),
          [1],
        );
      },
    );

    check("holdings() are what was held and not released", async (journal) => {
      await journal.add(newJob("0a"));
      await journal.add(newJob("0b"));
      const mount = { kind: "mount", what: "/mnt/x" };
      await journal.write(id("0a"), 0, { atMs: 1, hold: mount });
      await journal.write(id("0a"), 0, { atMs: 2, hold: { kind: "loop-device", what: "/dev/loop7" } });
      await journal.write(id("0b"), 0, { atMs: 3, hold: mount });
      await journal.write(id("0a"), 0, { atMs: 4, release: mount });
      await journal.write(id("0a"), 0, { atMs: 5, release: mount });
      assert.deepEqual(await journal.holdings(id("0a")), [{ job: "0a", kind: "loop-device", what: "/dev/loop7" }]);
      assert.deepEqual(
        (await journal.holdings()).map(({ job }) => job),
        ["0a", "0b"],
      );
    });
  });
}
