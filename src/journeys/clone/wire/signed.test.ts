import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, hkdfSync } from "node:crypto";
import { test } from "node:test";
import { decodeFrameHeader, idleFrame } from "./frame-header.ts";
import { attachProof, execSubject, exporterLabel, isSigned, signSubject, welcomeSubject } from "./signed.ts";
import { controlIdentity, controlKey } from "./token.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");

test("what is signed for one purpose holds for no other", () => {
  const exported = Buffer.alloc(32, 1);
  const subjects = [
    welcomeSubject(exported),
    welcomeSubject(Buffer.alloc(32, 2)),
    execSubject(Buffer.alloc(16), 1, 1, "dmesg"),
    execSubject(Buffer.alloc(16), 2, 1, "dmesg"),
    execSubject(Buffer.alloc(16), 1, 2, "dmesg"),
  ];
  for (const signed of subjects)
    for (const claimed of subjects)
      assert.equal(isSigned(claimed, signSubject(signed, privateKey), publicKey), claimed === signed);
});

test("attachProof() is an HMAC over nonce, epoch and number, as the document says", () => {
  const ticket = Buffer.alloc(32, 3);
  const nonce = Buffer.alloc(32, 4);
  const said = Buffer.concat([nonce, Buffer.from([0, 0, 0, 9, 0, 0, 1, 0])]);
  assert.deepEqual(attachProof(ticket, nonce, 9, 256), createHmac("sha256", ticket).update(said).digest());
});

test("controlKey() and the names around it are those of the document", () => {
  const secret = Buffer.alloc(32, 5);
  const key = Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), Buffer.from("rehome chain 1 tls"), 32));
  assert.deepEqual(controlKey({ fingerprint: Buffer.alloc(32), secret }), key);
  assert.equal(controlIdentity("lab1"), "rehome-chain-1:lab1");
  assert.equal(exporterLabel, "EXPORTER-rehome-chain-1");
  assert.equal(decodeFrameHeader(idleFrame).type, "idle");
});
