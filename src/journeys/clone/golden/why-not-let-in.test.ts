import assert from "node:assert/strict";
import { test } from "node:test";
import { newNode } from "../chain/roster.ts";
import { protocolVersion, type Message } from "../wire/messages.ts";
import { whyNotLetIn, type Admission } from "./why-not-let-in.ts";

const hello: Message<"hello"> = {
  kind: "hello",
  version: protocolVersion,
  session: "s",
  name: "n1",
  port: 9,
  rejoins: 0,
};
const open: Admission = { chain: { nodes: [], isOver: false }, only: undefined, isGrowing: false };
const codeOf = (admission: Admission, more: Partial<Message<"hello">> = {}, host = "10.0.0.1"): string | undefined =>
  whyNotLetIn({ ...hello, ...more }, host, admission)?.code;

test("whyNotLetIn() lets in who comes first, and who comes back", () => {
  assert.equal(codeOf(open), undefined);
  const node = newNode({ number: 3, name: "n1", host: "10.0.0.1", port: 9 }, 0, true);
  const chain = { nodes: [node], isOver: false };
  assert.equal(codeOf({ ...open, chain }), undefined, "the same host");
  assert.equal(codeOf({ ...open, chain }, { rejoins: 3 }, "10.0.0.2"), undefined, "the same node at another address");
  assert.equal(codeOf({ ...open, chain }, {}, "10.0.0.2"), "name", "another one of that name");
});

test("whyNotLetIn() serves those alone that were named, and nobody once the session has ended", () => {
  assert.equal(codeOf({ ...open, only: ["n1"] }), undefined);
  assert.equal(codeOf({ ...open, only: ["n2", "n3"] }), "name");
  assert.equal(codeOf({ ...open, isGrowing: true }, { version: 2 }), "version");
  const over = { ...open, chain: { nodes: [], isOver: true } };
  assert.equal(codeOf(over), "session");
  assert.equal(codeOf(over, { rejoins: 3 }), undefined, "who comes back has to hear of it");
});
