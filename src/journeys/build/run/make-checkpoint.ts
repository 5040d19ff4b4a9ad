import type { BuildCheckpoint } from "../checkpoint/constructor.ts";
import { putReferences } from "../checkpoint/references.ts";
import { checkValue, type Schema } from "../manifest/check-value.ts";
import { formatPath } from "../manifest/problem.ts";
import type { BuildPorts } from "../ports.ts";
import { loadConstructor, messageOf, type LoadModule } from "../register/load-constructor.ts";
import type { PlannedCheckpoint } from "../register/planned-checkpoint.ts";
import { describeChange } from "../plan.ts";

/** A checkpoint that is about to run. */
export interface MadeCheckpoint {
  readonly checkpoint: BuildCheckpoint;
  readonly provides: Readonly<Record<string, Schema>>;
  readonly changesTree: boolean;
}

/** What making a checkpoint needs. */
export interface Making {
  readonly ports: BuildPorts;
  readonly loadModule: LoadModule;
  readonly lookUp: (object: string) => unknown;
  /** Makes the error for a checkpoint that cannot be made. */
  readonly refuse: (why: string) => Error;
  /** Refuses one whose files have changed since it was planned. One that is taken back is made of what there is. */
  readonly isToRun: boolean;
}

/** Makes a planned checkpoint: its references have values now, and its files must be those it was planned with. */
export async function makeCheckpoint(planned: PlannedCheckpoint, making: Making): Promise<MadeCheckpoint> {
  const { ports, lookUp, refuse, isToRun } = making;
  const loaded = await loadConstructor(planned.uses, planned.directory, making.loadModule);
  if (typeof loaded === "string") throw refuse(loaded);
  const { constructor, modules } = loaded;
  if (isToRun) {
    const inputs = { ...planned.identity.inputs };
    for (const path of Object.keys(inputs))
      if (path.startsWith("/")) inputs[path] = (await ports.files.fingerprint(path)) ?? "";
    const change = describeChange(planned.identity, { ...planned.identity, modules, inputs });
    if (change !== undefined) throw refuse(`${change} since the build began; run the manifest again`);
  }
  const verbatim = new Set(constructor.verbatimArguments);
  const values = Object.fromEntries(
    Object.entries(planned.arguments).map(([key, value]) => [
      key,
      verbatim.has(key)
        ? value
        : putReferences(value, lookUp, (text) => {
            throw refuse(`"${text}" has no value`);
          }),
    ]),
  );
  const problems = checkValue(constructor.arguments, values);
  if (problems.length > 0)
    throw refuse(problems.map(({ keys, message }) => `${formatPath(["with", ...keys])}: ${message}`).join("; "));
  try {
    const checkpoint = constructor.create(values);
    return { checkpoint, provides: constructor.provides ?? {}, changesTree: constructor.changesTree ?? true };
  } catch (error) {
    throw refuse(`its constructor refuses it: ${messageOf(error)}`);
  }
}
