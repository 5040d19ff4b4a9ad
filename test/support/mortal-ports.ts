import type { EnginePorts } from "../../src/engine/ports.ts";

/** What a runner is told that has died: it must not matter to anybody what it does about it. */
export class DeadError extends Error {
  override readonly name = "DeadError";
}

/** A runner that can die in the middle of a process: from then on nothing that it does has any effect on jobs. */
export interface Mortal {
  readonly ports: EnginePorts;
  /** The kernel takes its locks and timers; what it still calls fails. */
  readonly die: () => void;
  readonly isDead: () => boolean;
}

/** Gives `ports` to a runner that can die. */
export function mortal(ports: EnginePorts): Mortal {
  let dead = false;
  const locks = new Set<Disposable>();
  const timers = new Set<Disposable>();
  const guard = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get(_target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return (...words: readonly unknown[]): unknown => {
          if (dead) throw new DeadError(`${String(key)} after death`);
          return (member as (...given: readonly unknown[]) => unknown).apply(target, [...words]);
        };
      },
    });
  const kept = (into: Set<Disposable>, one: Disposable): Disposable => {
    into.add(one);
    return {
      [Symbol.dispose]() {
        if (into.delete(one)) one[Symbol.dispose]();
      },
    };
  };
  return {
    ports: {
      ...ports,
      journal: guard(ports.journal),
      files: guard(ports.files),
      locks: {
        isLocked: (id) => ports.locks.isLocked(id),
        tryLock(id) {
          if (dead) throw new DeadError("tryLock after death");
          const lock = ports.locks.tryLock(id);
          return lock && kept(locks, lock);
        },
      },
      clock: {
        nowMs: () => ports.clock.nowMs(),
        every: (intervalMs, work) => kept(timers, ports.clock.every(intervalMs, work)),
      },
    },
    die() {
      dead = true;
      for (const owned of [locks, timers]) {
        for (const one of owned) one[Symbol.dispose]();
        owned.clear();
      }
    },
    isDead: () => dead,
  };
}
