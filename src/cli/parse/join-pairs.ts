import { commandNames, commands, optionsOf, type AnyCommand } from "../definition/index.ts";

/** Makes one word of the two that some options take, in the words of the KA method: `-p sda desc` becomes `-p sda=desc`. */
export function joinPairs(args: readonly string[]): string[] {
  const name = commandNames.find(
    (candidate) => indexOfWords(args, candidate.split(" ")) >= 0 && pairsOf(candidate).length > 0,
  );
  if (name === undefined) return [...args];
  const pairs = pairsOf(name);
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [word = "", first, second] = args.slice(at, at + 3);
    if (word === "--") return [...joined, ...args.slice(at)];
    joined.push(word);
    if (!pairs.includes(word) || first === undefined || second === undefined) continue;
    if (first.includes("=") || first.startsWith("-") || second.startsWith("-")) continue;
    joined.push(`${first}=${second}`);
    at += 2;
  }
  return joined;
}

function pairsOf(name: (typeof commandNames)[number]): string[] {
  const definition: AnyCommand = commands[name];
  return optionsOf(definition.fields).flatMap(({ field, long }) =>
    field.isPair === true ? [long, ...(field.short === undefined ? [] : [`-${field.short}`])] : [],
  );
}

function indexOfWords(args: readonly string[], words: readonly string[]): number {
  return args.findIndex((_, at) => words.every((word, index) => args[at + index] === word));
}
