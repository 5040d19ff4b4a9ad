import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { assertDocument } from "./documents.ts";
import { program, sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

test("an encrypted store does all that others do, for whoever has a key", (context) => {
  const { directory, run, document } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  writeFileSync(join(directory, "rootfs/secret-file-name"), "secret-content ".repeat(100));
  mkdirSync(join(directory, "rootfs/var/lib/dpkg"), { recursive: true });
  writeFileSync(
    join(directory, "rootfs/var/lib/dpkg/status"),
    "Package: secret-package\nStatus: install ok installed\nVersion: 1.0\nArchitecture: amd64\nDescription: x\n",
  );
  writeFileSync(join(directory, "one.key"), randomBytes(32));
  writeFileSync(join(directory, "two.key"), randomBytes(32));
  const place = ["--store", "./images", "--key-file", "one.key"];
  assert.match(run("store", "init", "./images", "--encrypt", "--key-file", "one.key").stdout, /^made a store in /);
  assert.equal(run("capture", "./rootfs", "--name", "secret-web", ...place).status, 0);
  assert.equal(run("capture", "./rootfs", "--name", "secret-web", ...place).status, 0);
  assert.match(run("images", ...place).stdout, /secret-web +2 /);
  assert.match(run("ls", "secret-web", "/", ...place).stdout, /secret-file-name/);
  assert.match(run("show", "secret-web", "--packages", ...place).stdout, /secret-package/);
  assert.equal(run("restore", "secret-web:1", "./new", "--verify", ...place).status, 0);
  assert.equal(readFileSync(join(directory, "new/secret-file-name"), "utf8"), "secret-content ".repeat(100));
  assert.equal(run("rm", "secret-web:1", ...place).status, 0);
  assert.equal(run("store", "prune", ...place).stderr, "");
  assert.match(run("store", "check", ...place).stdout, /everything is intact/);
  assertDocument("store-stats", document("store", "stats", ...place).document);

  for (const path of globSync(join(directory, "images/**/*"))) {
    assert.ok(!path.slice(directory.length).includes("secret"), path);
    if (statSync(path).isFile()) assert.ok(!readFileSync(path).includes("secret"), path);
  }
});

test("store key adds, lists and removes keys, and writes no image anew", (context) => {
  const { directory, run, document } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  for (const name of ["one.key", "two.key"]) writeFileSync(join(directory, name), randomBytes(32));
  const one = ["--store", "./images", "--key-file", "one.key"];
  const two = ["--store", "./images", "--key-file", "two.key"];
  run("store", "init", "./images", "--encrypt", "--key-file", "one.key");
  run("capture", "./rootfs", "--name", "web", ...one);
  const data = (): string[] =>
    globSync(join(directory, "images/**/*"))
      .filter((path) => statSync(path).isFile() && !path.includes("/keys/"))
      .map((path) => `${path} ${statSync(path).ino} ${statSync(path).mtimeMs}`);
  const before = data();
  assert.ok(before.length > 3);

  const wrong = run("images", ...two);
  assert.equal(wrong.status, 3);
  assert.match(wrong.stderr, /opens none of its keys \[KEY_WRONG\]/);
  const added = document("store", "key", "add", "--new-key-file", "two.key", "--label", "office", ...one);
  assertDocument("store-key", added.document);
  assert.match(run("images", ...two).stdout, /web/);
  const listed = document("store", "key", "list", ...two);
  assertDocument("store-key", listed.document);
  const { keys } = listed.document as { keys: { id: string; label: string }[] };
  assert.deepEqual(
    keys.map(({ label }) => label),
    ["", "office"],
  );
  const [first, second] = keys.map(({ id }) => id) as [string, string];
  assert.equal(run("store", "key", "remove", first, ...one).status, 0);
  assert.equal(run("images", ...one).status, 3);
  const last = run("store", "key", "remove", second, ...two);
  assert.equal(last.status, 3);
  assert.match(last.stderr, /it is the last one/);
  assert.equal(run("store", "key", "remove", "00000000", ...two).status, 2);
  assert.deepEqual(data(), before);
  assert.equal(run("verify", "web", ...two).status, 0);
});

test("damage in an encrypted store is told apart from a wrong key, and a missing key from both", (context) => {
  const { directory, run } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  writeFileSync(join(directory, "one.key"), randomBytes(32));
  const place = ["--store", "./images", "--key-file", "one.key"];
  run("store", "init", "./images", "--encrypt", "--key-file", "one.key");
  run("capture", "./rootfs", "--name", "web", ...place);
  assert.match(
    run("images", "--store", "./images").stderr,
    /it is encrypted, and there is nobody to ask .*\[KEY_NEEDED\]/,
  );
  const [pack] = globSync(join(directory, "images/packs/*/*"));
  const bytes = readFileSync(pack ?? assert.fail());
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(pack ?? "", bytes);
  const found = run("store", "check", ...place);
  assert.equal(found.status, 4);
  assert.match(found.stdout, /hurts web:1/);
});

test("a damaged key is told apart from a wrong one, keeps out nobody who has another, and can be removed", (context) => {
  const { directory, run } = sandbox(context);
  for (const name of ["one.key", "two.key", "three.key"]) writeFileSync(join(directory, name), randomBytes(32));
  const [one, two, three] = ["one.key", "two.key", "three.key"].map((key) => [
    "--store",
    "./images",
    "--key-file",
    key,
  ]);
  run("store", "init", "./images", ...(one ?? []), "--encrypt");
  const [first = ""] = globSync(join(directory, "images/keys/*"));
  run("store", "key", "add", "--new-key-file", "two.key", ...(one ?? []));
  writeFileSync(
    first,
    readFileSync(first, "utf8").replace(/"wrapped":"(.)/, (_, digit) => `"wrapped":"${digit === "A" ? "B" : "A"}`),
  );

  assert.equal(run("images", ...(two ?? [])).status, 0);
  for (const place of [one, three]) {
    const { status, stderr } = run("images", ...(place ?? []));
    assert.equal(status, 4);
    assert.match(stderr, /cannot use keys\/[0-9a-f]{8}: its bytes do not match its seal \[OBJECT_DAMAGED\]/);
  }
  assert.match(run("store", "check", ...(two ?? [])).stdout, /keys\/[0-9a-f]{8}/);
  const other = globSync(join(directory, "images/keys/*")).find((path) => path !== first) ?? "";
  assert.equal(run("store", "key", "remove", basename(other), ...(two ?? [])).status, 3);
  assert.equal(run("store", "key", "remove", basename(first), ...(two ?? [])).status, 0);
  assert.match(run("images", ...(three ?? [])).stderr, /KEY_WRONG/);
  assert.match(run("store", "check", ...(two ?? [])).stdout, /everything is intact/);
});

test("a key file is named on the command line, in the environment, in the configuration or by systemd, in this order", (context) => {
  const { directory, environment } = sandbox(context);
  for (const name of ["right.key", "wrong.key"]) writeFileSync(join(directory, name), randomBytes(32));
  mkdirSync(join(directory, "credentials"));
  const [node, ...words] = program;
  const images = (more: NodeJS.ProcessEnv, ...options: readonly string[]): number | null =>
    spawnSync(node, [...words, "images", "--store", "./images", ...options], {
      cwd: directory,
      env: { ...environment, ...more },
    }).status;
  spawnSync(node, [...words, "store", "init", "./images", "--encrypt", "--key-file", "right.key"], {
    cwd: directory,
    env: environment,
  });
  const credential = { CREDENTIALS_DIRECTORY: join(directory, "credentials") };
  const configuration = { REHOME_CONFIG: join(directory, "config.yaml") };
  const [right, wrong] = [join(directory, "right.key"), join(directory, "wrong.key")];
  assert.equal(images({}), 3);
  assert.equal(images(credential), 3);
  copyFileSync(right, join(directory, "credentials/rehome.key"));
  assert.equal(images(credential), 0);
  writeFileSync(join(directory, "config.yaml"), `key-file: ${wrong}\n`);
  assert.equal(images({ ...credential, ...configuration }), 3);
  assert.equal(images({ ...credential, ...configuration, REHOME_KEY_FILE: right }), 0);
  assert.equal(images({ REHOME_KEY_FILE: right }, "--key-file", "wrong.key"), 3);
  assert.equal(images({ REHOME_KEY_FILE: wrong }, "--key-file", "right.key"), 0);
});

test("a passphrase is asked for on the terminal, and not shown", (context) => {
  const { directory, environment } = sandbox(context);
  const typed = (words: string, input: string): string => {
    const { stdout } = spawnSync("script", ["-qec", `${program.join(" ")} ${words}`, "/dev/null"], {
      cwd: directory,
      env: environment,
      input,
      encoding: "utf8",
      timeout: 60_000,
    });
    return stdout;
  };
  assert.match(typed("store init ./images --encrypt", "correct horse\rcorrect horse\r"), /made a store in /);
  const opened = typed("store key list --store ./images", "wrong horse\rcorrect horse\r");
  assert.match(opened, /passphrase/);
  // What the terminal itself echoed came before the program took it over.
  assert.ok(!opened.slice(opened.indexOf("Passphrase of")).includes("horse"), opened);
  assert.match(typed("images --store ./images", "a\rb\rc\r"), /KEY_WRONG/);
  assert.match(typed("store init ./other --encrypt", "correct horse\rcorrect house\r"), /the two differ/);
});
