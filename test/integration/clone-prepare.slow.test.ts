import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  capture,
  cloneJoin,
  cloneServe,
  type ClonePreparation,
  type CloneServeOptions,
  type CloneServeResult,
  type Paths,
} from "../../src/index.ts";
import { ChildEndedError, LibraryProcess } from "../support/library-process.ts";
import { testPlace } from "../support/place.ts";
import { asRoot } from "../support/temporary-directory.ts";

const machineId = "0123456789abcdef0123456789abcdef";

/** A small system in a store, and where its copies go. */
async function makeLab(context: TestContext, extra: Readonly<Record<string, string>> = {}) {
  const place = testPlace(context);
  const tree = join(place.directory, "tree");
  const files = { "etc/machine-id": `${machineId}\n`, "etc/hostname": "golden\n", "etc/hosts": "127.0.1.1 golden\n" };
  for (const [path, content] of Object.entries({ ...files, ...extra })) {
    mkdirSync(join(tree, path, ".."), { recursive: true });
    writeFileSync(join(tree, path), content);
  }
  await capture(`${tree}/`, { paths: place.paths, name: "web" });
  const pathsOf = (node: string): Paths => ({ ...place.paths, stateDirectory: join(place.directory, "state", node) });
  const target = (node: string): string => join(place.directory, "targets", node);
  const log: string[] = [];
  return {
    log,
    target,
    text: (node: string, path: string): string => readFileSync(join(target(node), path), "utf8"),
    serve: async (
      prepare: ClonePreparation | undefined,
      nodes: number,
      onServing: (join: (node: string) => JoinWords) => void,
      more: Partial<CloneServeOptions> = {},
    ): Promise<CloneServeResult> => {
      const options: CloneServeOptions = {
        session: "lab1",
        paths: pathsOf("golden"),
        store: place.paths.store,
        port: 0,
        host: "127.0.0.1",
        settings: { nodes },
        ...(prepare && { prepare }),
        onLog: (node, line) => void log.push(`${node}: ${line}`),
        ...more,
      };
      return await cloneServe("web", options, ({ token, port }) => {
        const address = { session: "lab1", token, from: "127.0.0.1", port, listenHost: "127.0.0.1" };
        onServing((node) => [target(node), { ...address, name: node, paths: pathsOf(node) }]);
      });
    },
  };
}

type JoinWords = Parameters<typeof cloneJoin>;

const reset = (pattern: string): ClonePreparation => ({
  identity: "reset",
  hostnames: { kind: "pattern", before: pattern, digits: 3, after: "" },
});

test(
  "each node becomes a system of its own, with a name by the order of the chain, then runs its command",
  asRoot,
  async (context) => {
    const lab = await makeLab(context);
    const joined: ReturnType<typeof cloneJoin>[] = [];
    const afterwards = {
      kind: "command",
      line: 'sleep 0.5; echo ran in $REHOME_TARGET; cp "$REHOME_TARGET/etc/hostname" "$REHOME_TARGET/then"',
    } as const;
    const result = await lab.serve(
      reset("node"),
      2,
      (words) => {
        // The second by name joins first: the order of the chain counts, not that of coming.
        for (const node of ["n2", "n1"]) {
          const [directory, options] = words(node);
          joined.push(cloneJoin(directory, { ...options, afterwards }));
        }
      },
      { releaseDelayMs: 50 },
    );
    assert.deepEqual(
      (await Promise.all(joined)).map(({ thenStatus }) => thenStatus),
      [0, 0],
    );
    assert.ok(result.nodes.every(({ verdict }) => verdict?.ok === true));
    const ids = ["n1", "n2"].map((node) => lab.text(node, "etc/machine-id").trim());
    assert.equal(new Set([...ids, machineId]).size, 3);
    for (const [node, name] of [
      ["n1", "node001"],
      ["n2", "node002"],
    ] as const) {
      assert.equal(lab.text(node, "etc/hostname"), `${name}\n`);
      assert.match(lab.text(node, "etc/hosts"), new RegExp(`\\b${name}\\b`));
      assert.equal(lab.text(node, "then"), `${name}\n`);
      assert.ok(lab.log.includes(`${node}: prepared: hostname`), lab.log.join("\n"));
      assert.ok(lab.log.includes(`${node}: ran in ${lab.target(node)}`));
      assert.ok(lab.log.includes(`${node}: then: ended with status 0`));
    }
  },
);

test(
  "a copy that cannot be prepared is verified but not ok, and the next session goes on with it",
  asRoot,
  async (context) => {
    // A kernel, and nothing to make its initramfs with.
    const lab = await makeLab(context, {
      "boot/vmlinuz-6.1.0-1-amd64": "",
      "usr/lib/modules/6.1.0-1-amd64/modules.dep": "",
    });
    const joined: Promise<unknown>[] = [];
    const failed = await lab.serve(reset("n"), 1, (words) => {
      joined.push(assert.rejects(cloneJoin(...words("n1")), { code: "COPY_NOT_PREPARED" }));
    });
    await Promise.all(joined);
    const { verdict } = failed.nodes[0] ?? assert.fail("no node");
    assert.ok(verdict?.ok === false && verdict.verifiedBytes > 0 && verdict.reason.includes("initramfs"));
    assert.throws(() => lab.text("n1", "etc/hostname"), { code: "ENOENT" });
    const second = await lab.serve(undefined, 1, (words) => void joined.push(cloneJoin(...words("n1"))));
    await Promise.all(joined);
    assert.equal(second.nodes[0]?.verdict?.ok, true);
    assert.equal(lab.text("n1", "etc/hostname"), "golden\n");
  },
);

for (const point of ["clone.verified", "clone.settled"])
  test(
    `a node that is killed at ${point} goes on, and its changed copy is held against no image`,
    asRoot,
    async (context) => {
      const lab = await makeLab(context);
      const joined: Promise<void>[] = [];
      const result = await lab.serve(reset("node"), 1, (words) => {
        joined.push(
          (async () => {
            {
              await using child = await LibraryProcess.start(point);
              const ended = assert.rejects(child.call("cloneJoin", ...words("n1")), ChildEndedError);
              await child.stopped();
              child.signal("SIGKILL");
              await ended;
            }
            await cloneJoin(...words("n1"));
          })(),
        );
      });
      await Promise.all(joined);
      assert.ok(result.nodes.some(({ verdict }) => verdict?.ok === true));
      assert.equal(lab.text("n1", "etc/hostname"), "node001\n");
      assert.notEqual(lab.text("n1", "etc/machine-id").trim(), machineId);
    },
  );
