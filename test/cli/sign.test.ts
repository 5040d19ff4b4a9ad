import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { guideCommands } from "../support/guide.ts";
import { makeSigningKey } from "../support/signing-key.ts";
import { assertDocument } from "./documents.ts";
import { program, sandbox } from "./run-rehome.ts";
import { makeSmallTree } from "./small-tree.ts";

test("the guide to signed images works as it is written, and openssl verifies what rehome signs", (context) => {
  const { directory, environment } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  const commands = ["Signing", "Trusting", "Verifying without rehome"].flatMap((heading) =>
    guideCommands("sign-images", heading),
  );
  const script = commands.join("\n").replaceAll("/tmp/", `${directory}/`);
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-c", `set -e; rehome() { ${program.map((word) => `'${word}'`).join(" ")} "$@"; }\n${script}`],
    { cwd: directory, env: { ...environment, REHOME_STORE: join(directory, "store") }, encoding: "utf8" },
  );
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /^ *signed +as web:1 by [0-9a-f]{64}$/m);
  assert.match(stdout, /^signed web:golden .*as [0-9a-f]{64}$/m);
  assert.match(stderr, /cannot use unsigned:1: it is not signed, and a signature by a key in .*IMAGE_UNTRUSTED/);
  assert.match(stdout, /Signature Verified Successfully\nimages\/[0-9a-f]{64}: OK\n$/);
});

test("sign and show say who signed, as documents too, and in an encrypted store nobody else learns it", (context) => {
  const { directory, run, document } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  writeFileSync(join(directory, "store.key"), randomBytes(32));
  const { signer, publicPem } = makeSigningKey(directory, "release");
  writeFileSync(join(directory, "signers"), `# Alice\n${publicPem}`);
  const place = ["--store", "./images", "--key-file", "store.key"];
  run("store", "init", "./images", "--encrypt", "--key-file", "store.key");
  assert.equal(run("capture", "./rootfs", "--name", "secret-web", ...place, "--sign", "release.pem").status, 0);
  run("tag", "secret-web", "secret-tag", ...place);
  const signed = document("sign", "secret-web:secret-tag", "release.pem", ...place, "-n");
  assertDocument("sign", signed.document);
  const trusting = [...place, "--trusted-signers", "signers"];
  assert.equal(run("restore", "secret-web:secret-tag", "./new", ...trusting).status, 3);
  assert.match(run("sign", "secret-web:secret-tag", "release.pem", ...place).stdout, new RegExp(`as ${signer}\n$`));
  assert.equal(run("restore", "secret-web:secret-tag", "./new", ...trusting).status, 0);
  const shown = document("show", "secret-web", ...trusting);
  assertDocument("show", shown.document);
  assert.match(run("show", "secret-web", ...trusting).stdout, /as secret-web:1 by [0-9a-f]{64} \(Alice\)/);
  assert.match(run("store", "check", ...place).stdout, /everything is intact/);
  for (const path of globSync(join(directory, "images/**/*")))
    assert.ok(!statSync(path).isFile() || !readFileSync(path).includes(signer), path);
});

test("the passphrase of a signing key is asked for, once, before anything is read", (context) => {
  const { directory, environment, run } = sandbox(context);
  makeSmallTree(join(directory, "rootfs"));
  const words = "genpkey -algorithm ed25519 -aes256 -pass pass:correct -out release.pem".split(" ");
  assert.equal(spawnSync("openssl", words, { cwd: directory }).status, 0);
  const captured = (input: string): string => {
    const command = `${program.join(" ")} capture ./rootfs --name web --sign release.pem`;
    const options = { cwd: directory, env: environment, input, encoding: "utf8", timeout: 60_000 } as const;
    return spawnSync("script", ["-qec", command, "/dev/null"], options).stdout;
  };
  assert.match(captured("wrong\rwrong\rwrong\r"), /the passphrase does not open it/);
  assert.match(run("capture", "./rootfs", "--sign", "release.pem").stderr, /there is nobody to ask for its passphrase/);
  assert.equal(run("images").status, 2);
  assert.equal(captured("wrong\rcorrect\r").match(/Passphrase of/g)?.length, 2);
  assert.match(run("show", "web").stdout, /^ *signed +as web:1 by/m);
});
