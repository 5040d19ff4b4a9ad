import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { holds } from "../../../../test/support/properties.ts";
import type { TreePath } from "../../../core/tree/byte-string.ts";
import { OrderedRecords, type RecordSlot } from "./ordered-records.ts";

const pathOf = (number: number): TreePath => `f${number}` as TreePath;

test("OrderedRecords hands records on in the order they came, whenever their bodies are known", async (context) => {
  const order = fc.uniqueArray(fc.nat(199), { minLength: 200, maxLength: 200 });
  await holds(
    context,
    fc.asyncProperty(order, fc.array(fc.nat(199)), async (known, dropped) => {
      const left: string[] = [];
      const records = new OrderedRecords(({ path }, body) => {
        left.push(`${path} ${Buffer.from(body).toString()}`);
        return left.length % 3 === 0 ? Promise.resolve() : undefined;
      });
      const slots: RecordSlot[] = Array.from({ length: 200 }, (_, number) => records.add(pathOf(number), undefined));
      const gone = new Set(dropped);
      for (const number of known) {
        const slot = slots[number] as RecordSlot;
        if (gone.has(number)) slot.dropped = true;
        else slot.body = Buffer.from(`body ${number}`);
        await Promise.all([records.drain(), records.drain()]);
      }
      assert.equal(records.length, 0);
      const expected = Array.from({ length: 200 }, (_, number) => number).filter((number) => !gone.has(number));
      assert.deepEqual(
        left,
        expected.map((number) => `f${number} body ${number}`),
      );
    }),
    20,
  );
});

test("OrderedRecords holds what waits for one body and no more", async () => {
  let left = 0;
  const records = new OrderedRecords(() => {
    left += 1;
    return undefined;
  });
  const first = records.add(pathOf(0), undefined);
  for (let number = 1; number < 10_000; number++) records.add(pathOf(number), undefined, Buffer.alloc(1));
  await records.drain();
  assert.deepEqual([left, records.length], [0, 10_000]);
  first.body = Buffer.alloc(1);
  await records.drain();
  assert.deepEqual([left, records.length], [10_000, 0]);
});

test("drain() passes on a failure of taking a record", async () => {
  const records = new OrderedRecords(() => Promise.reject(new RangeError("full")));
  records.add(pathOf(0), undefined, Buffer.alloc(1));
  await assert.rejects(records.drain(), RangeError);
});
