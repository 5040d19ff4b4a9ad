import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { recogniseContent } from "./recognise-content.ts";

const kindOf = (text: string): string | undefined => recogniseContent(Buffer.from(text, "latin1"));

test("recogniseContent() knows the keys that ssh-keygen makes, and not their public halves", (context) => {
  const directory = temporaryDirectory(context);
  const formats = ["RFC4716", "PEM", "PKCS8"];
  for (const [at, words] of [
    ["-t", "ed25519"],
    ["-t", "rsa", "-b", "2048"],
    ["-t", "ecdsa"],
  ].entries())
    for (const passphrase of ["", "five words"])
      for (const format of formats) {
        const path = join(directory, `key-${at}-${passphrase.length}-${format}`);
        const made = spawnSync("ssh-keygen", ["-q", ...words, "-N", passphrase, "-m", format, "-f", path]);
        assert.equal(made.status, 0, String(made.stderr));
        assert.equal(recogniseContent(readFileSync(path)), "private-key", path);
        assert.equal(recogniseContent(readFileSync(`${path}.pub`)), undefined, path);
      }
});

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" });

test("recogniseContent() knows a PEM key wherever a text has it", () => {
  for (const text of [
    pem,
    pem.replaceAll("\n", "\r\n"),
    `# for nginx\n${pem}`,
    `key: |\n${pem.replaceAll(/^/gm, "    ")}`,
    JSON.stringify({ type: "service_account", private_key: pem }),
    `-----BEGIN CERTIFICATE-----\n${"A".repeat(64)}\n-----END CERTIFICATE-----\n`.repeat(50) + pem,
    privateKey.export({ type: "pkcs1", format: "pem" }),
    privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }),
    `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n${"A".repeat(64)}\n`,
    `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v1\n\n${"l".repeat(64)}\n`,
    `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${"l".repeat(64)}\n`,
  ])
    assert.equal(kindOf(text), "private-key", text.slice(0, 60));
});

test("recogniseContent() knows other keys, password hashes and tokens", () => {
  const letters = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7".repeat(5);
  const known: readonly (readonly [string, string])[] = [
    ["private-key", `# created: today\nAGE-SECRET-KEY-1${"Q".repeat(58)}\n`],
    ["private-key", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n"],
    ["private-key", `[Interface]\nPrivateKey = ${Buffer.alloc(32, 7).toString("base64")}\n`],
    ["private-key", `KEY=${Buffer.from("openssh-key-v1\0more").toString("base64")}\n`],
    ["password-hashes", "daemon:*:1::\nroot:$y$j9T$abcdefghijklmnopqrstuv$0123456789:19000:0:99999:7:::\n"],
    ["password-hashes", "ada:$apr1$saltsalt$0123456789abcdefghijk\n"],
    ["token", `export T=ghp_${letters.slice(0, 36)}\n`],
    ["token", `token = glpat-${letters.slice(0, 20)}\n`],
    ["token", `//registry.npmjs.org/:_authToken=npm_${letters.slice(0, 36)}\n`],
    ["token", `xoxb-123456789012-${letters.slice(0, 24)}`],
  ];
  for (const [kind, text] of known) {
    assert.equal(kindOf(text), kind, text);
    assert.equal(kindOf(`${"x\n".repeat(1000)}${text}`), text.startsWith("PuTTY") ? undefined : kind, text);
  }
});

test("recogniseContent() takes no document, program or public key for a secret", () => {
  for (const text of [
    "",
    "the file begins with -----BEGIN RSA PRIVATE KEY----- and ends with -----END RSA PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
    publicKey.export({ type: "spki", format: "pem" }),
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 ada@example.org\n",
    "PrivateKey = <your key>\n",
    "AGE-SECRET-KEY-1 and the rest\n",
    "root:x:0:0:root:/root:/bin/sh\n",
    "root:$6$short:1::\n",
    "ghp_short npm_config_registry=x\n",
  ])
    assert.equal(kindOf(text), undefined, text);
  const program = readFileSync("/usr/bin/ssh-keygen");
  assert.ok(program.includes("PRIVATE KEY-----"));
  assert.equal(recogniseContent(program), undefined);
  assert.equal(kindOf(`\0${pem}`), undefined, "a binary file");
});

test("recogniseContent() looks at the first 256 KiB", () => {
  assert.equal(kindOf(" ".repeat(255 * 1024 - 50) + pem), "private-key");
  assert.equal(kindOf(" ".repeat(256 * 1024) + pem), undefined);
});

test("recogniseContent() is not made slow by any text", () => {
  const length = 256 * 1024;
  const begin = performance.now();
  for (const unit of [
    "-----BEGIN ",
    "-----BEGIN A A A ",
    "-----BEGIN PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
    "A: \n",
    "\n",
    "\t",
    ":$",
    "a:$y$",
    "A",
    "ghp_",
    "PrivateKey \t \t",
  ]) {
    const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
    kindOf(text);
    kindOf(`-----BEGIN PRIVATE KEY-----\n${text}`);
  }
  assert.ok(performance.now() - begin < 5000, `${performance.now() - begin} ms`);
});
