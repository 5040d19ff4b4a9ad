/** What is wrong with a value, and where in the document. */
export class DecodeError extends SyntaxError {
  override readonly name = "DecodeError";
}

/** Makes a typed value of an unknown one, or refuses it. `at` says where it stands. @throws {DecodeError} */
export type Decode<Value> = (value: unknown, at: string) => Value;

type Properties<Shape> = { readonly [Key in keyof Shape]-?: Decode<Shape[Key]> };
type Optional<Shape> = { readonly [Key in keyof Shape]-?: Decode<Exclude<Shape[Key], undefined>> };

/** A text that `pattern` matches as a whole. */
export function text(pattern: RegExp, maxLength = 4096): Decode<string> {
  return (value, at) => {
    if (typeof value === "string" && value.length <= maxLength && pattern.test(value)) return value;
    throw new DecodeError(`${at} is not what it should be`);
  };
}

/** A whole number from `least` to `most`. */
export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): Decode<number> {
  return (value, at) => {
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    throw new DecodeError(`${at} is no number from ${least} to ${most}`);
  };
}

/** True or false. */
export const boolean: Decode<boolean> = (value, at) => {
  if (typeof value === "boolean") return value;
  throw new DecodeError(`${at} is neither true nor false`);
};

/** One of several words or numbers. */
export function oneOf<Word extends string | number>(...words: readonly Word[]): Decode<Word> {
  return (value, at) => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    throw new DecodeError(`${at} is none of ${words.join(", ")}`);
  };
}

/** A list of at most `most` items. */
export function list<Item>(item: Decode<Item>, most: number): Decode<Item[]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length > most) throw new DecodeError(`${at} is no list of at most ${most}`);
    return value.map((one, index) => item(one, `${at}[${index}]`));
  };
}

/** A map of at most `most` texts, each key matched by `key`. */
export function textMap(key: RegExp, value: Decode<string>, most: number): Decode<Record<string, string>> {
  return (given, at) => {
    const entries = Object.entries(asObject(given, at));
    if (entries.length > most) throw new DecodeError(`${at} has more than ${most} entries`);
    return Object.fromEntries(
      entries.map(([name, one]) => {
        if (!key.test(name)) throw new DecodeError(`${at} has a name that none may have`);
        return [name, value(one, `${at}.${name}`)];
      }),
    );
  };
}

/** An object with all of `required`, and of `optional` what is there; further properties are passed over, and lost. */
export function object<Required extends object, Extra extends object = object>(
  required: Properties<Required>,
  optional?: Optional<Extra>,
): Decode<Required & Partial<Extra>> {
  return (value, at) => {
    const given = asObject(value, at);
    const read = (decoders: object, mayMiss: boolean): [string, unknown][] =>
      Object.entries(decoders as Record<string, Decode<unknown>>).flatMap(([key, decode]): [string, unknown][] => {
        const isThere = Object.hasOwn(given, key);
        if (!isThere && mayMiss) return [];
        return [[key, decode(isThere ? given[key] : undefined, `${at}.${key}`)]];
      });
    return Object.fromEntries([...read(required, false), ...read(optional ?? {}, true)]) as Required & Partial<Extra>;
  };
}

function asObject(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DecodeError(`${at} is no object`);
}
