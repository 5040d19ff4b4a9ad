import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { encodeAnswer, encodeQuery, readAnswer, readQuery } from "./messages.ts";

const sought = { session: "lab1", token: { fingerprint: randomBytes(32), secret: randomBytes(32) } };
const place = { host: "10.0.0.1", port: 30_765 };
const nonce = randomBytes(16);

test("a query and its answer are read by who has the token of this session", () => {
  assert.deepEqual(readQuery(sought, encodeQuery(sought, nonce)), nonce);
  assert.deepEqual(readAnswer(sought, nonce, encodeAnswer(sought, nonce, place)), place);
});

test("no answer is longer than its query, and neither tells session or token", () => {
  const longest = { host: "2001:0db8:0000:0000:0000:0000:255.255.255.255", port: 65_535 };
  const [query, answer] = [encodeQuery(sought, nonce), encodeAnswer(sought, nonce, longest)];
  assert.ok(answer.length <= query.length);
  assert.deepEqual(readAnswer(sought, nonce, answer), longest);
  for (const bytes of [query, answer])
    for (const secret of ["lab1", sought.token.secret, sought.token.fingerprint]) assert.ok(!bytes.includes(secret));
});

test("another session, another token, another nonce and any changed byte are nothing", () => {
  const others = [
    { ...sought, session: "lab2" },
    { ...sought, token: { ...sought.token, secret: randomBytes(32) } },
  ];
  const [query, answer] = [encodeQuery(sought, nonce), encodeAnswer(sought, nonce, place)];
  for (const other of others) {
    assert.equal(readQuery(other, query), undefined);
    assert.equal(readAnswer(other, nonce, answer), undefined);
  }
  assert.equal(readAnswer(sought, randomBytes(16), answer), undefined);
  for (let at = 0; at < answer.length; at++) assert.equal(readAnswer(sought, nonce, spoilt(answer, at)), undefined);
  for (let at = 0; at < 56; at++) assert.equal(readQuery(sought, spoilt(query, at)), undefined);
  for (let length = 0; length < answer.length; length++)
    assert.equal(readAnswer(sought, nonce, answer.subarray(0, length)), undefined);
  assert.equal(readQuery(sought, answer), undefined);
});

function spoilt(bytes: Buffer, at: number): Buffer {
  return Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)));
}
