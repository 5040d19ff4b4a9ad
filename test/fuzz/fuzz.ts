import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { RehomeError } from "../../src/core/errors.ts";
import { randomNumbers } from "../support/seed.ts";

/** A decoder under attack, and sound inputs that mutations start from. */
export interface FuzzTarget {
  readonly name: string;
  readonly seeds: readonly Buffer[];
  /** Decodes fully. Returns or throws; what it may throw is a {@link RehomeError} or an instance of `alsoAllowed`. */
  readonly decode: (bytes: Buffer) => unknown;
  readonly alsoAllowed?: readonly (abstract new (...words: never[]) => Error)[];
}

/** What a run over a target found out. */
export interface FuzzRun {
  readonly rounds: number;
  /** How many inputs were taken; the others were refused. */
  readonly taken: number;
  readonly slowestMs: number;
}

const interesting = [0, 1, 0x7f, 0x80, 0xff];
const slowMs = 2000;

/** Decodes mutated inputs until time or rounds are over. Fails on an untyped error and on an input that takes too long. */
export async function fuzz(
  target: FuzzTarget,
  seed: number,
  limits: { readonly rounds: number; readonly timeMs: number },
): Promise<FuzzRun> {
  const random = randomNumbers(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  let taken = 0;
  let rounds = 0;
  let slowestMs = 0;
  const endsAtMs = performance.now() + limits.timeMs;
  for (; rounds < limits.rounds && performance.now() < endsAtMs; rounds++) {
    // The collector gives memory outside the heap back between turns.
    if (rounds % 128 === 0) await nextTurn();
    const input = mutate(target.seeds[below(target.seeds.length)] ?? Buffer.alloc(0), target.seeds, below);
    const startedAtMs = performance.now();
    try {
      target.decode(input);
      taken += 1;
    } catch (error) {
      const isAllowed =
        error instanceof RehomeError || (target.alsoAllowed ?? []).some((allowed) => error instanceof allowed);
      assert.ok(isAllowed, `${target.name}: ${String(error)} for ${input.toString("base64").slice(0, 4000)}`);
    }
    const tookMs = performance.now() - startedAtMs;
    slowestMs = Math.max(slowestMs, tookMs);
    assert.ok(
      tookMs < slowMs,
      `${target.name}: ${Math.round(tookMs)} ms for ${input.toString("base64").slice(0, 4000)}`,
    );
  }
  return { rounds, taken, slowestMs: Math.round(slowestMs) };
}

/** Changes a few places of `seed`, or cuts, repeats or joins parts of seeds. */
function mutate(seed: Buffer, seeds: readonly Buffer[], below: (bound: number) => number): Buffer {
  let bytes = Buffer.from(seed);
  for (let change = below(4); change >= 0; change--) {
    const at = below(bytes.length + 1);
    switch (below(9)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = interesting[below(interesting.length)] ?? 0;
        break;
      case 2:
        if (at < bytes.length) bytes[at] = below(256);
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      case 4:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(Array.from({ length: 1 + below(12) }, () => below(256))),
          bytes.subarray(at),
        ]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + below(40)))]);
        break;
      case 6: {
        const part = bytes.subarray(at, at + 1 + below(60));
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          ...Array.from({ length: 1 + below(20) }, () => part),
          bytes.subarray(at),
        ]);
        break;
      }
      case 7: {
        const other = seeds[below(seeds.length)] ?? seed;
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length + 1))]);
        break;
      }
      default:
        // A long number in place of what was there.
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.alloc(1 + below(9), 0xff),
          Buffer.from([below(128)]),
          bytes.subarray(at),
        ]);
    }
  }
  return bytes;
}
