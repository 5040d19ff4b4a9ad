import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { InterruptedError } from "../../core/errors.ts";
import { Interrupts } from "./interrupts.ts";

function listenTo(source: EventEmitter) {
  const events: string[] = [];
  const interrupts = new Interrupts(
    source,
    () => events.push("first"),
    () => events.push("second"),
  );
  return { events, interrupts };
}

test("Interrupts abort at the first signal and end at the second, whichever they are", () => {
  const source = new EventEmitter();
  const { events, interrupts } = listenTo(source);
  const signal = interrupts.listen("the capture");
  source.emit("SIGTERM");
  assert.deepEqual([signal.aborted, interrupts.happened, ...events], [true, true, "first"]);
  assert.ok(signal.reason instanceof InterruptedError);
  source.emit("SIGINT");
  assert.deepEqual(events, ["first", "second"]);
});

test("Interrupts leave signals alone before and after", () => {
  const source = new EventEmitter();
  const { interrupts } = listenTo(source);
  assert.equal(source.listenerCount("SIGINT"), 0);
  interrupts.listen("the check");
  assert.equal(source.listenerCount("SIGINT"), 1);
  interrupts[Symbol.dispose]();
  assert.equal(source.listenerCount("SIGINT"), 0);
  assert.equal(source.listenerCount("SIGTERM"), 0);
});
