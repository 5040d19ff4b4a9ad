import type { Json } from "../../../engine/job.ts";
import { checkValue, type Schema } from "../manifest/check-value.ts";
import { formatPath } from "../manifest/problem.ts";
import type { DataObjects } from "./constructor.ts";

/** The data objects of a build while it runs: those that are kept with each state, and those of this run. */
export class BuildData {
  #persistent: Readonly<Record<string, Json>> = {};
  readonly #ofRun = new Map<string, unknown>();

  /** The persistent part, as it is kept. */
  get persistent(): Readonly<Record<string, Json>> {
    return this.#persistent;
  }

  /** Makes the persistent part what it was. */
  bringBack(persistent: Readonly<Record<string, Json>>): void {
    this.#persistent = persistent;
  }

  /** A value by its object's name. */
  get(name: string): unknown {
    return Object.hasOwn(this.#persistent, name) ? this.#persistent[name] : this.#ofRun.get(name);
  }

  /** What one checkpoint may do with the objects. `refuse` makes the error for an object that is not as `provides` says. */
  forCheckpoint(provides: Readonly<Record<string, Schema>>, refuse: (why: string) => Error): DataObjects {
    return {
      get: (name) => this.get(name),
      all: () => this.#persistent,
      set: (name, value) => {
        const schema = Object.hasOwn(provides, name) ? provides[name] : undefined;
        if (schema === undefined)
          throw refuse(`it sets the data object "${name}", which its constructor does not provide`);
        const [problem] = checkValue(schema, value);
        if (problem) throw refuse(`the data object ${formatPath([name, ...problem.keys])}: ${problem.message}`);
        // What is kept is what JSON says of it, now and after a kill.
        this.#persistent = { ...this.#persistent, [name]: JSON.parse(JSON.stringify(value)) as Json };
      },
      setForRun: (name, value) => void this.#ofRun.set(name, value),
    };
  }
}
