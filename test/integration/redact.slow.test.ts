import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { zstdDecompressSync } from "node:zlib";
import { decodeBlock } from "../../src/image/chunker/decode-block.ts";
import { directoryBlobStore } from "../../src/image/blob-store/directory-blob-store.ts";
import type { PackId } from "../../src/image/format/pack.ts";
import { readPackFooter } from "../../src/image/store/pack-reader.ts";
import {
  capture,
  diffImages,
  diffTree,
  findSecrets,
  listEntries,
  planCaptureOf,
  readFileOf,
  restore,
  showImage,
  type CaptureOptions,
  type CaptureResult,
} from "../../src/index.ts";
import { loopFileSystem } from "../support/file-systems.ts";
import { testPlace, type Place } from "../support/place.ts";
import { run } from "../support/run.ts";
import { asRoot } from "../support/temporary-directory.ts";

interface Ground {
  readonly place: Place;
  readonly tree: string;
  readonly take: (options?: CaptureOptions) => Promise<CaptureResult>;
  /** Lines of the secrets, each enough to know it by. */
  readonly secretLines: readonly string[];
}

/** Where the secrets of the tree lie that are known by their paths. */
const byPath = [
  "etc/shadow",
  "etc/ssh/ssh_host_ed25519_key",
  "etc/ssl/private/deep/site.key",
  "home/ada/.aws/credentials",
  "home/ada/.ssh/id_rsa",
];
/** Those that show by their content alone. */
const byContent = ["opt/app/.env", "opt/app/config.json", "opt/app/deploy", "srv/shadow-copy"];
const all = [...byPath, ...byContent].toSorted();

function makeKey(path: string, ...words: readonly string[]): string {
  run("ssh-keygen", "-q", "-N", "", "-f", path, ...words);
  return readFileSync(path, "utf8");
}

function ground(context: TestContext, below: string): Ground {
  const place = testPlace(context);
  const tree = join(below, "tree");
  for (const directory of [
    "etc/ssh",
    "etc/ssl/private/deep",
    "home/ada/.aws",
    "home/ada/.ssh",
    "opt/app",
    "srv",
    "usr/share/doc",
  ])
    mkdirSync(join(tree, directory), { recursive: true });
  const shadow = "root:$y$j9T$saltsaltsaltsalt$Wq0123456789abcdefghijklmnopqrstuvwxyz01234:19000:0:99999:7:::\n";
  const rsa = makeKey(join(tree, "home/ada/.ssh/id_rsa"), "-t", "rsa", "-b", "2048");
  const deploy = makeKey(join(tree, "opt/app/deploy"), "-t", "ecdsa");
  const secrets = {
    "etc/shadow": shadow,
    "etc/ssh/ssh_host_ed25519_key": makeKey(join(tree, "etc/ssh/ssh_host_ed25519_key"), "-t", "ed25519"),
    "etc/ssl/private/deep/site.key": `${"0123456789abcdef".repeat(4)}\n`.repeat(5000),
    "home/ada/.aws/credentials": "[default]\naws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYsecretkey0\n",
    "home/ada/.ssh/id_rsa": rsa,
    "opt/app/.env": `GITHUB_TOKEN=ghp_${"aB3dE6gH9jK2".repeat(3)}\n`,
    "opt/app/config.json": JSON.stringify({ key: makeKey(join(place.directory, "pem"), "-t", "rsa", "-m", "PEM") }),
    "opt/app/deploy": deploy,
    "srv/shadow-copy": shadow,
  };
  for (const [path, content] of Object.entries(secrets)) writeFileSync(join(tree, path), content);
  chmodSync(join(tree, "etc/shadow"), 0o640);
  utimesSync(join(tree, "etc/shadow"), 1_000_000_000, 1_000_000_000.5);
  run("setfattr", "-n", "user.note", "-v", "kept", join(tree, "etc/shadow"));
  writeFileSync(join(tree, "etc/hosts"), "127.0.0.1 localhost\n");
  writeFileSync(join(tree, "usr/share/doc/keys.txt"), "It begins with -----BEGIN PRIVATE KEY-----.\n");
  const publicKeys = ["home/ada/.ssh/id_rsa.pub", "opt/app/deploy.pub", "etc/ssh/ssh_host_ed25519_key.pub"]
    .map((path) => readFileSync(join(tree, path), "utf8"))
    .join("");
  const secretLines = Object.values(secrets)
    .flatMap((text) => text.split(/\n|\\n/))
    .filter((line) => line.length >= 40 && !/^-----(?:BEGIN|END)/.test(line))
    // A private key file holds the public key as well.
    .filter((line) => !publicKeys.includes(line));
  const take = (options?: CaptureOptions): Promise<CaptureResult> =>
    capture(tree, { paths: place.paths, name: "tree", ...options });
  return { place, tree, take, secretLines };
}

/** Everything that rehome keeps, plain: blocks decoded, manifests too, and all other files as they are. */
async function plainBytesOf({ paths }: Place): Promise<Buffer> {
  const parts: Buffer[] = [];
  const blobs = directoryBlobStore(paths.store);
  for (const path of readdirSync(paths.stateDirectory, { recursive: true, encoding: "utf8" })) {
    const file = join(paths.stateDirectory, path);
    if (!statSync(file).isFile()) continue;
    const bytes = readFileSync(file);
    parts.push(bytes);
    if (path.startsWith("store/images/")) parts.push(zstdDecompressSync(bytes));
    const pack = /^store\/packs\/..\/([0-9a-f]{64})$/.exec(path)?.[1] as PackId | undefined;
    if (pack === undefined) continue;
    for (const { offset, storedBytes, codec, plainBytes } of await readPackFooter(blobs, pack, bytes.length))
      parts.push(decodeBlock(bytes.subarray(offset, offset + storedBytes), codec, plainBytes, path));
  }
  return Buffer.concat(parts);
}

async function foundIn({ place, secretLines }: Ground): Promise<string[]> {
  const bytes = await plainBytesOf(place);
  return secretLines.filter((line) => bytes.includes(line));
}

const leftOutOf = ({ manifest }: { readonly manifest: CaptureResult["manifest"] }): string[] =>
  (manifest.tail.secrets?.files ?? []).map(({ path }) => path);

/** What changed last less than two seconds before a capture is not trusted by the next one. */
const untilTrusted = (): Promise<void> => wait(2100);

describe("capture with redact", { concurrency: true }, () => {
  test("capture() with redact brings no byte of a secret into the store", asRoot, async (context) => {
    const own = ground(context, loopFileSystem(context));
    assert.ok(own.secretLines.length > 30);
    const redacted = await own.take({ redact: true });
    assert.deepEqual(leftOutOf(redacted), all);
    assert.deepEqual(redacted.manifest.tail.secrets?.contents, "left-out");
    assert.deepEqual(await foundIn(own), []);
    assert.ok((await plainBytesOf(own.place)).includes("127.0.0.1 localhost"), "what is no secret is there");

    const { manifest } = await own.take();
    assert.deepEqual(manifest.tail.secrets?.contents, "included");
    assert.deepEqual(leftOutOf({ manifest }), byPath);
    assert.deepEqual(await foundIn(own), own.secretLines, "the search finds what is there");
  });

  test("an image without contents keeps all else, and says so wherever they are missed", asRoot, async (context) => {
    const { place, tree, take } = ground(context, loopFileSystem(context));
    const { paths } = place;
    await take({ redact: true });
    const shadow = (await Array.fromAsync(listEntries("tree", "etc/shadow", { paths })))[0];
    const found = statSync(join(tree, "etc/shadow"));
    assert.ok(shadow?.kind === "file");
    assert.deepEqual([shadow.mode, shadow.sizeBytes, shadow.mtimeSec], [0o640, 0, 1_000_000_000]);
    assert.equal(shadow.gid, found.gid);
    assert.deepEqual(
      shadow.xattrs.map(({ name }) => name),
      ["user.note"],
    );
    assert.deepEqual(await Array.fromAsync(diffTree("tree", tree, { paths })), [], "contents are not compared");
    await assert.rejects(Array.fromAsync(readFileOf("tree", "etc/shadow", { paths })), { code: "USAGE" });

    const target = join(place.directory, "new");
    const restored = await restore("tree", target, { paths, verify: true });
    assert.deepEqual(
      restored.leftOut.map(({ path }) => path),
      all,
    );
    assert.equal(readFileSync(join(target, "opt/app/deploy"), "utf8"), "");
    assert.deepEqual((await restore("tree", join(place.directory, "part"), { paths, path: "etc/ssh" })).leftOut, [
      { path: "etc/ssh/ssh_host_ed25519_key", kind: "private-key" },
    ]);

    chmodSync(join(tree, "etc/shadow"), 0o600);
    appendFileSync(join(tree, "etc/hosts"), "more");
    assert.deepEqual(
      (await Array.fromAsync(diffTree("tree", tree, { paths }))).map(({ path, aspects }) => [path, ...aspects]),
      [
        ["etc/hosts", "content", "mtime"],
        ["etc/shadow", "mode"],
      ],
    );
    await restore("tree", tree, { paths, intoExisting: true, delete: true, backup: false, verify: true });
    assert.match(readFileSync(join(tree, "etc/shadow"), "utf8"), /^root:/, "what the directory has stays");
    assert.equal(readFileSync(join(tree, "etc/hosts"), "utf8"), "127.0.0.1 localhost\n");

    await take();
    assert.deepEqual(await Array.fromAsync(diffImages("tree:1", "tree:2", { paths })), []);
  });

  test(
    "capture after capture, with and without redact, neither brings a secret back nor loses one",
    asRoot,
    async (context) => {
      const own = ground(context, loopFileSystem(context));
      const { take, tree, place } = own;
      const { paths } = place;
      await untilTrusted();
      const first = await take({ redact: true });
      const second = await take({ redact: true });
      assert.equal(second.unchangedFiles, second.name.files, "nothing is read again");
      assert.equal(second.manifest.tail.tree.digest, first.manifest.tail.tree.digest);
      assert.deepEqual(leftOutOf(second), all, "what the cache knows of is listed again");
      assert.deepEqual(await foundIn(own), []);

      const plain = await take();
      assert.equal(plain.unchangedFiles, 0, "the cache of the redacted capture is not used");
      assert.equal((await Array.fromAsync(readFileOf("tree", "opt/app/deploy", { paths }))).length, 1);
      assert.deepEqual(await Array.fromAsync(diffTree("tree", tree, { paths })), []);
      assert.equal((await take()).unchangedFiles, plain.name.files);

      const again = await take({ redact: true });
      assert.equal(again.manifest.tail.tree.digest, first.manifest.tail.tree.digest);
      assert.equal(again.unchangedFiles, again.name.files, "each kind of capture has a cache of its own");
      linkSync(join(tree, "etc/hosts"), join(tree, "home/ada/.ssh/id_hosts"));
      assert.deepEqual(
        leftOutOf(await take({ redact: true })),
        [...all, "etc/hosts", "home/ada/.ssh/id_hosts"].toSorted(),
      );
    },
  );

  test("a file with a secret path is left out under all its names", asRoot, async (context) => {
    const own = ground(context, loopFileSystem(context));
    const { tree, take, place } = own;
    mkdirSync(join(tree, "a"));
    linkSync(join(tree, "home/ada/.aws/credentials"), join(tree, "a/first"));
    linkSync(join(tree, "opt/app/deploy"), join(tree, "a/deploy"));
    linkSync(join(tree, "etc/hosts"), join(tree, "a/hosts"));
    const result = await take({ redact: true });
    assert.deepEqual(leftOutOf(result), ["a/deploy", "a/first", ...all]);
    assert.deepEqual(await foundIn(own), []);
    assert.deepEqual(await Array.fromAsync(diffTree("tree", tree, { paths: place.paths })), []);
    const part = join(place.directory, "part");
    const restored = await restore("tree", part, { paths: place.paths, path: "opt", verify: true });
    assert.ok(restored.leftOut.some(({ path }) => path === "opt/app/deploy"));
    assert.equal(readFileSync(join(part, "opt/app/deploy"), "utf8"), "");
  });

  test(
    "secrets of any length and place are left out: long ones, sparse ones, in names of any bytes",
    asRoot,
    async (context) => {
      const own = ground(context, loopFileSystem(context));
      const { tree, take, secretLines } = own;
      const line = secretLines[0] ?? "";
      const long = join(tree, "etc/ssl/private/long");
      writeFileSync(long, line);
      truncateSync(long, 70 * 1024 * 1024);
      appendFileSync(long, line);
      writeFileSync(Buffer.from(`${tree}/etc/ssh/ssh_host_\x1b\xff\n_key`, "latin1"), `${line}\n`);
      const hidden = join(tree, "srv/behind-a-hole");
      writeFileSync(hidden, "");
      truncateSync(hidden, 1024 * 1024);
      appendFileSync(hidden, readFileSync(join(tree, "opt/app/deploy")));
      const result = await take({ redact: true });
      assert.deepEqual(
        leftOutOf(result).filter((path) => !all.includes(path)),
        [String.raw`etc/ssh/ssh_host_\x1b\xff\n_key`, "etc/ssl/private/long", "srv/behind-a-hole"],
      );
      assert.deepEqual(await foundIn(own), []);
    },
  );

  test(
    "findSecrets() lists what paths tell, without what is excluded, and changes nothing",
    asRoot,
    async (context) => {
      const { tree, place } = ground(context, loopFileSystem(context));
      const { paths } = place;
      const { plan } = await planCaptureOf(tree, { paths, redact: true, excludes: ["home/**"] });
      assert.deepEqual(
        (await Array.fromAsync(findSecrets(plan))).map(({ path }) => path),
        byPath.filter((path) => !path.startsWith("home/")),
      );
      assert.equal(existsSync(paths.store), false);
    },
  );
});

test("showImage() tells of a capture without redact what goes along", asRoot, async (context) => {
  const { take, place } = ground(context, loopFileSystem(context));
  await take();
  const { manifest } = await showImage("tree", { paths: place.paths });
  assert.deepEqual(manifest.tail.secrets?.count, byPath.length);
});
