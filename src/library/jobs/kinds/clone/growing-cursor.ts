import type { CheckpointContext } from "../../../../engine/job-kind.ts";
import { fromJson, toJson } from "../../json.ts";

/** The cursor of a checkpoint that notes one thing after the other. */
export class GrowingCursor<Cursor extends object> {
  readonly #save: CheckpointContext["saveCursor"];
  #now: Partial<Cursor>;

  /** Begins with what an earlier run has noted. */
  constructor({ cursor, saveCursor }: Pick<CheckpointContext, "cursor" | "saveCursor">) {
    this.#save = saveCursor;
    this.#now = fromJson<Partial<Cursor> | null>(cursor) ?? {};
  }

  get now(): Partial<Cursor> {
    return this.#now;
  }

  /** Durable on return. @throws {JobLostError} */
  async keep(more: Partial<Cursor>): Promise<void> {
    this.#now = { ...this.#now, ...more };
    await this.#save(toJson(this.#now));
  }
}
