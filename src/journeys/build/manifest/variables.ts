import type { Key } from "./problem.ts";

/** What `${NAME}` can stand for. */
export type VariableValue = string | number | boolean;

/** Values of variables by name. */
export type Variables = Readonly<Record<string, VariableValue>>;

/** Where the values of variables come from; what stands first wins. */
export interface VariableSources {
  /** `--set NAME=VALUE`. */
  readonly set: Readonly<Record<string, string>>;
  /** The environment of the process; only names that the manifest lists are looked at. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The variables of a build, or what is wrong with those that were given. */
export function chooseVariables(
  declared: Variables,
  listened: readonly string[],
  { set, environment }: VariableSources,
): { readonly variables: Variables; readonly complaints: readonly string[] } {
  const variables: Record<string, VariableValue> = { ...declared };
  const complaints: string[] = [];
  const take = (name: string, text: string, from: string): void => {
    const value = coerce(text, declared[name]);
    if (value === undefined)
      complaints.push(`${from} gives the variable "${name}" the value "${text}"; expected a ${typeof declared[name]}`);
    else variables[name] = value;
  };
  for (const name of listened) {
    const text = environment[name];
    if (text !== undefined) take(name, text, "the environment");
  }
  for (const [name, text] of Object.entries(set))
    if (Object.hasOwn(declared, name) || listened.includes(name)) take(name, text, "--set");
    else complaints.push(`--set names the variable "${name}", which the manifest does not have`);
  return { variables, complaints };
}

/** A text as the type that the manifest's own value has. */
function coerce(text: string, like: VariableValue | undefined): VariableValue | undefined {
  if (typeof like === "number") return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
  if (typeof like === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  return text;
}

/** A complaint about a text inside a value. */
type Complain = (keys: readonly Key[], message: string) => void;

/** Puts variables into every text of `value`. A text that is one variable and nothing else becomes its value, type and all; `$${` stays `${`. */
export function putVariables(value: unknown, variables: Variables, complain: Complain): unknown {
  return mapTexts(value, [], (text, keys) => {
    const whole = /^\$\{(\w+)\}$/.exec(text)?.[1];
    if (whole !== undefined && Object.hasOwn(variables, whole)) return variables[whole];
    return text.replaceAll(/\$(\$\{|\{([^}]*)\}?)/g, (found, escaped: string, name: string | undefined) => {
      if (escaped === "${") return "${";
      if (name !== undefined && found.endsWith("}") && Object.hasOwn(variables, name)) return String(variables[name]);
      complain(keys, `"${found}" stands for nothing: no variable has that name; write $\${ for a plain \${`);
      return found;
    });
  });
}

/** A value with every text in it replaced; keys of maps are left alone. */
export function mapTexts(
  value: unknown,
  keys: readonly Key[],
  replace: (text: string, keys: readonly Key[]) => unknown,
): unknown {
  if (typeof value === "string") return replace(value, keys);
  if (Array.isArray(value)) return value.map((item, index) => mapTexts(item, [...keys, index], replace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, [...keys, key], replace)]));
}
