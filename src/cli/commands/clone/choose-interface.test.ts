import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../core/errors.ts";
import { chooseInterface } from "./choose-interface.ts";

test("chooseInterface() takes the only address, or the one that is asked for", () => {
  assert.equal(chooseInterface(["10.0.0.1"], undefined), "10.0.0.1");
  assert.equal(chooseInterface(["10.0.0.1", "192.0.2.1"], "192.0.2.1"), "192.0.2.1");
  assert.equal(chooseInterface([], undefined), undefined);
  assert.equal(chooseInterface([], "127.0.0.1"), "127.0.0.1");
});

test("chooseInterface() refuses to guess, and addresses that are none of this host's", () => {
  assert.throws(() => chooseInterface(["10.0.0.1", "192.0.2.1"], undefined), UsageError);
  for (const asked of ["0.0.0.0", "::", "198.51.100.7", "no-such-name"])
    assert.throws(() => chooseInterface(["10.0.0.1"], asked), UsageError, asked);
});
