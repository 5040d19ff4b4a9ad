import type { Json } from "../../engine/job.ts";

/** A value as the journal keeps it; what JSON cannot say (undefined, functions) is left out. */
export function toJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** A value that this version of the program has put into the journal, which its plan version vouches for. */
export function fromJson<Value>(value: Json): Value {
  return value as Value;
}
