import { createHash } from "node:crypto";
import { resolve } from "node:path";
import type { Json } from "../../../engine/job.ts";
import type { CheckpointIdentity } from "../area-record.ts";
import type { AnyConstructor } from "../checkpoint/constructor.ts";
import { findReferences, whyUnresolved, type Reference } from "../checkpoint/references.ts";
import { checkValue, type Schema } from "../manifest/check-value.ts";
import { parseDuration } from "../manifest/duration.ts";
import type { CheckpointOrder } from "../manifest/load-manifest.ts";
import { checkpointNamePattern } from "../manifest/manifest-schema.ts";
import type { Key, Problem } from "../manifest/problem.ts";
import { putVariables, type Variables } from "../manifest/variables.ts";
import type { BuildPorts } from "../ports.ts";
import { loadConstructor, messageOf, type LoadModule } from "./load-constructor.ts";
import type { PlannedCheckpoint } from "./planned-checkpoint.ts";

const defaultTimeoutMs = 3_600_000;
const defaultSeconds = 5;

/** What registering needs of its surroundings. */
export interface Registering {
  readonly variables: Variables;
  readonly ports: BuildPorts;
  readonly loadModule: LoadModule;
}

/** A checkpoint that was registered. */
export interface Registered {
  readonly planned: PlannedCheckpoint;
  readonly provides: Readonly<Record<string, Schema>>;
  /** How long it usually takes. */
  readonly seconds: number;
  /** What it would do, for a dry run. */
  readonly steps: readonly string[];
}

/** Registers a checkpoint after those that come `before` it. Gives every problem at once; nothing runs. */
export async function registerCheckpoint(
  order: CheckpointOrder,
  before: readonly Registered[],
  registering: Registering,
): Promise<Registered | readonly Problem[]> {
  const problems: Problem[] = [];
  const complain = (keys: readonly Key[], message: string): void => void problems.push(order.problem(keys, message));
  if (!new RegExp(checkpointNamePattern).test(order.name))
    complain(["name"], `"${order.name}" is no name; expected 1 to 256 of letters, digits, ".", "-" and "_"`);
  if (before.some(({ planned }) => planned.name === order.name))
    complain(["name"], `a checkpoint with the name "${order.name}" comes before; names must be unique`);
  const loaded = await loadConstructor(order.uses, order.directory, registering.loadModule);
  if (typeof loaded === "string") {
    complain(["uses"], loaded);
    return problems;
  }
  const { constructor } = loaded;
  const { values, references } = readArguments(order, constructor, before, registering.variables, complain);
  if (problems.length > 0) return problems;
  const attempted = await attempt(order, constructor, values, references, registering, complain);
  if (attempted === undefined || problems.length > 0) return problems;
  const summary = putVariables(order.description ?? constructor.summary, registering.variables, (_, message) =>
    complain(["description"], message),
  );
  const planned: PlannedCheckpoint = {
    name: order.name,
    uses: order.uses,
    description: String(summary),
    directory: order.directory,
    arguments: JSON.parse(JSON.stringify(values)) as Readonly<Record<string, Json>>,
    identity: identify(order, loaded.modules, values, attempted.inputs),
    timeoutMs: order.timeout === undefined ? defaultTimeoutMs : parseDuration(order.timeout),
    undo: constructor.undo ?? "removes",
    refersTo: [...new Set(references.flatMap(({ steps }) => steps.slice(0, 1)))],
    providesForRun: constructor.providesForRun ?? [],
  };
  if (problems.length > 0) return problems;
  const seconds = constructor.seconds ?? defaultSeconds;
  return { planned, provides: constructor.provides ?? {}, seconds, steps: attempted.steps };
}

type Complain = (keys: readonly Key[], message: string) => void;
type Values = Readonly<Record<string, unknown>>;

/** The arguments with variables put in and paths made absolute, held against the constructor's schema. */
function readArguments(
  order: CheckpointOrder,
  constructor: AnyConstructor,
  before: readonly Registered[],
  variables: Variables,
  complain: Complain,
): { readonly values: Values; readonly references: readonly Reference[] } {
  const verbatim = new Set(constructor.verbatimArguments);
  const values = Object.fromEntries(
    Object.entries(order.with).map(([key, value]) => [
      key,
      verbatim.has(key)
        ? value
        : putVariables(value, variables, (keys, message) => complain(["with", key, ...keys], message)),
    ]),
  );
  const references = findReferences(Object.fromEntries(Object.entries(values).filter(([key]) => !verbatim.has(key))));
  // A run-only object has no schema; it is there or not.
  const provided: Record<string, Schema | undefined> = {};
  for (const { planned, provides } of before) {
    for (const name of planned.providesForRun) provided[name] = undefined;
    Object.assign(provided, provides);
  }
  for (const reference of references) {
    const why = whyUnresolved(reference, provided);
    if (why !== undefined) complain(["with", ...reference.keys], why);
  }
  for (const key of constructor.pathArguments ?? [])
    if (typeof values[key] === "string" && !references.some(({ keys }) => keys[0] === key))
      values[key] = resolve(order.directory, values[key]);
  for (const { keys, message } of checkSafely(constructor.arguments, values))
    // What a reference will be is not known yet; it is held against the schema once it has a value.
    if (!references.some((reference) => reference.isWhole && isPrefix(reference.keys, keys)))
      complain(["with", ...keys], message);
  return { values, references };
}

function checkSafely(schema: Schema, values: Values): ReturnType<typeof checkValue> {
  try {
    return checkValue(schema, values);
  } catch (error) {
    return [{ keys: [], message: `the constructor's schema of arguments cannot be used: ${messageOf(error)}` }];
  }
}

/** Asks the constructor for what only it knows. What depends on references is asked when they have values. */
async function attempt(
  order: CheckpointOrder,
  constructor: AnyConstructor,
  values: Values,
  references: readonly Reference[],
  { ports }: Registering,
  complain: Complain,
): Promise<{ readonly inputs: Readonly<Record<string, string>>; readonly steps: readonly string[] } | undefined> {
  const inputs: Record<string, string> = {};
  try {
    for (const key of constructor.pathArguments ?? []) {
      const path = values[key];
      if (typeof path !== "string" || references.some(({ keys }) => keys[0] === key)) continue;
      const hash = await ports.files.fingerprint(path);
      if (hash === undefined) complain(["with", key], `there is no file "${path}"`);
      else inputs[path] = hash;
    }
    if (references.length > 0) return { inputs, steps: [] };
    for (const why of (await constructor.check?.(values, ports)) ?? []) complain(["with"], why);
    Object.assign(inputs, await constructor.inputs?.(values, ports));
    return { inputs, steps: constructor.create(values).plan ?? [] };
  } catch (error) {
    complain(["with"], `the constructor "${order.uses}" refuses it: ${messageOf(error)}`);
    return undefined;
  }
}

function identify(
  { name, uses }: CheckpointOrder,
  modules: Readonly<Record<string, string>>,
  values: Values,
  inputs: Readonly<Record<string, string>>,
): CheckpointIdentity {
  const hashed = Object.entries(values).map(([key, value]) => {
    const text = JSON.stringify(value) ?? "";
    return [key, createHash("sha256").update(text).digest("hex")];
  });
  return { name, uses, modules, arguments: Object.fromEntries(hashed) as Record<string, string>, inputs };
}

function isPrefix(prefix: readonly Key[], keys: readonly Key[]): boolean {
  return prefix.every((key, index) => keys[index] === key);
}
