import assert from "node:assert/strict";
import { test } from "node:test";
import { leaveOutSecrets, leaveOutSecretValues } from "./leave-out-secrets.ts";

const key = `-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\nAAAAsecond\n-----END OPENSSH PRIVATE KEY-----`;
const token = `ghp_${"a".repeat(40)}`;
const hash = `$y$j9T$${"x".repeat(60)}`;

for (const [text, left] of [
  ["password: two words # mine\nstore: /srv/store", "password: (left out)\nstore: /srv/store"],
  ['DB_PASSWORD="a b" NEXT=1', "DB_PASSWORD=(left out) NEXT=1"],
  ["key-file: /etc/rehome/key", "key-file: /etc/rehome/key"],
  ["fetching https://me:hunter2@mirror/debian", "fetching https://(left out)@mirror/debian"],
  ["Authorization: Bearer abc.def", "Authorization: (left out)"],
  ["ran curl --api-token abc https://x", "ran curl --api-token (left out) https://x"],
  [`a ${token} b`, "a (left out) b"],
  [`root:${hash}:19000:0`, "root:(left out):19000:0"],
  [`before\n${key}\nafter`, "before\n(left out)\nafter"],
  [key.slice(0, 80), "(left out)"],
  ["capture / as web, 3 secrets, passwords of no one", "capture / as web, 3 secrets, passwords of no one"],
] as const)
  test(`leaveOutSecrets() of ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.equal(leaveOutSecrets(text), left);
  });

test("leaveOutSecretValues() keeps the structure, and leaves out by name and by look", () => {
  const value = { passphrase: "x", keyFile: "/k", secrets: 3, list: [`see ${token}`, null], deep: { apiKey: "y" } };
  assert.deepEqual(leaveOutSecretValues(value), {
    passphrase: "(left out)",
    keyFile: "/k",
    secrets: 3,
    list: ["see (left out)", null],
    deep: { apiKey: "(left out)" },
  });
});

test("leaveOutSecrets() takes time that grows with the text alone", { timeout: 10_000 }, () => {
  for (const piece of ["-----BEGIN PRIVATE KEY-----", 'password="', "token ", "a://", "$6$", "--secret"])
    leaveOutSecrets(piece.repeat(100_000));
});
