import {
  commandNames,
  commands,
  commonFields,
  groups,
  operandsOf,
  optionsOf,
  type AnyCommand,
  type CommandName,
  type Completes,
  type NamedOption,
} from "../definition/index.ts";

/** Something that may stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What may stand at the cursor: these words, and what the shell itself adds. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly shellAdds: "files" | "directories" | "nothing";
}

/** What completion asks of this host. */
export interface CompletionSources {
  /** Images in the store that is in force, or in the one named. */
  readonly images: (store: string | undefined) => Promise<readonly Candidate[]>;
  readonly machines: () => Promise<readonly Candidate[]>;
  readonly jobs: () => Promise<readonly Candidate[]>;
  /** What lies in a directory of an image; names of directories end in `/`. */
  readonly paths: (image: string, directory: string, store: string | undefined) => Promise<readonly Candidate[]>;
}

/** Completes the last of `words`, which are those after the program's name; the last may be empty. */
export async function completeWords(words: readonly string[], sources: CompletionSources): Promise<Completion> {
  const current = words.at(-1) ?? "";
  const line = readLine(words.slice(0, -1));
  const { candidates, shellAdds } = await chooseCandidates(current, line, sources);
  return { candidates: candidates.filter(({ value }) => value.startsWith(current)), shellAdds };
}

interface Line {
  /** The command's words, as far as they are known. */
  readonly command: string;
  readonly operands: readonly string[];
  /** An option at the end that still needs its value. */
  readonly pending: NamedOption | undefined;
  readonly store: string | undefined;
  readonly onlyOperands: boolean;
}

function readLine(words: readonly string[]): Line {
  let command = "";
  const operands: string[] = [];
  let pending: NamedOption | undefined;
  let store: string | undefined;
  let onlyOperands = false;
  for (const word of words) {
    if (pending !== undefined) {
      if (pending.key === "store") store = word;
      pending = undefined;
    } else if (!onlyOperands && word === "--") onlyOperands = true;
    else if (!onlyOperands && word.startsWith("-"))
      pending = optionsFor(command).find((option) => takesNext(option, word));
    else if (isCommand(command)) operands.push(word);
    else command = command === "" ? word : `${command} ${word}`;
  }
  return { command, operands, pending, store, onlyOperands };
}

async function chooseCandidates(current: string, line: Line, sources: CompletionSources): Promise<Completion> {
  const { command, pending } = line;
  if (pending !== undefined) return await complete(pending.field.completes, current, line, sources);
  if (!line.onlyOperands && current.startsWith("-"))
    return { candidates: optionCandidates(command), shellAdds: "nothing" };
  if (!isCommand(command)) return { candidates: commandCandidates(command), shellAdds: "nothing" };
  const operands = operandsOf((commands[command] as AnyCommand).fields);
  const last = operands.at(-1);
  const { field } = operands[line.operands.length] ?? (last?.field.variadic === true ? last : { field: undefined });
  return await complete(field?.completes ?? "nothing", current, line, sources);
}

async function complete(
  completes: Completes,
  current: string,
  line: Line,
  sources: CompletionSources,
): Promise<Completion> {
  if (typeof completes !== "string")
    return { candidates: completes.map((value) => ({ value, description: "" })), shellAdds: "nothing" };
  switch (completes) {
    case "image":
      return { candidates: await sources.images(line.store), shellAdds: "nothing" };
    case "image-or-directory":
      return { candidates: await sources.images(line.store), shellAdds: "directories" };
    case "system":
      return {
        candidates: [{ value: "/", description: "this host" }, ...(await sources.machines())],
        shellAdds: "directories",
      };
    case "machine":
      return {
        candidates: (await sources.machines()).map(({ value, description }) => ({
          value: value.replace(/^machine:/, ""),
          description,
        })),
        shellAdds: "nothing",
      };
    case "job":
      return { candidates: await sources.jobs(), shellAdds: "nothing" };
    case "directory":
      return { candidates: [], shellAdds: "directories" };
    case "file":
      return { candidates: [], shellAdds: "files" };
    case "command":
      return {
        candidates: [...commandCandidates(""), { value: "exit-status", description: "What commands end with" }],
        shellAdds: "nothing",
      };
    case "tree-path": {
      const [image] = line.operands;
      const directory = current.slice(0, current.lastIndexOf("/") + 1);
      const candidates = image === undefined ? [] : await sources.paths(image, directory, line.store);
      return { candidates, shellAdds: "nothing" };
    }
    case "nothing":
      return { candidates: [], shellAdds: "nothing" };
  }
}

function commandCandidates(prefix: string): Candidate[] {
  if (prefix !== "") {
    const members = commandNames.filter((name) => name.startsWith(`${prefix} `));
    return members.map((name) => ({ value: name.slice(prefix.length + 1), description: commands[name].summary }));
  }
  const single = commandNames.filter((name) => !name.includes(" "));
  return [
    ...single.map((name) => ({ value: name, description: commands[name].summary })),
    ...Object.entries(groups).map(([value, description]) => ({ value, description })),
  ];
}

function optionCandidates(command: string): Candidate[] {
  const help = { value: "--help", description: "Show help" };
  return [...optionsFor(command).map(({ long, field }) => ({ value: long, description: field.summary })), help];
}

function optionsFor(command: string): NamedOption[] {
  const own = isCommand(command) ? optionsOf((commands[command] as AnyCommand).fields) : [];
  return [...own, ...optionsOf(commonFields)];
}

function takesNext({ long, field }: NamedOption, word: string): boolean {
  return field.valueName !== undefined && (word === long || (field.short !== undefined && word === `-${field.short}`));
}

function isCommand(words: string): words is CommandName {
  return (commandNames as readonly string[]).includes(words);
}
