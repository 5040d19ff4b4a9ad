import { crashPoint } from "../../core/crash-points.ts";
import { throwIfInterrupted } from "../../core/errors.ts";
import { displayBytes } from "../../core/tree/byte-string.ts";
import { PrepareStepError } from "./errors.ts";
import type { Change, FreshContent, Operation } from "./operation.ts";
import { assertNotBlocked, type PreparePlan } from "./plan.ts";
import type { PreparePorts } from "./ports.ts";

/** What became of one operation. */
export interface DoneOperation {
  readonly name: string;
  readonly done: readonly Change[];
  /** What the tree says now: the new machine-id, fingerprints of keys. */
  readonly evidence: readonly string[];
  /** What could not be kept or changed. */
  readonly warnings: readonly string[];
}

/** How a preparation is to run. */
export interface PrepareSettings {
  readonly onOperation: (name: string) => void;
  readonly device: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes the changes of a plan, in order. Killed at any instant, the same plan can be run again from its start, and so can
 * a plan that is made anew from the tree as it is then.
 *
 * @throws {TreeUnsuitableError} If an operation is blocked; nothing is changed then.
 * @throws {PrepareStepError} If a program of the tree fails.
 * @throws {InterruptedError} Between two changes.
 */
export async function runPrepare(
  plan: PreparePlan,
  operations: readonly Operation[],
  ports: PreparePorts,
  settings: PrepareSettings,
): Promise<readonly DoneOperation[]> {
  assertNotBlocked(plan);
  const results: DoneOperation[] = [];
  for (const planned of plan.operations) {
    if (planned.state !== "change") continue;
    settings.onOperation(planned.name);
    const warnings: string[] = [...planned.warnings];
    ports.tree.onUnusable = (path, why) => void warnings.push(`/${displayBytes(path)}: ${why}`);
    for (const [at, change] of planned.changes.entries()) {
      throwIfInterrupted(settings.signal, "the preparation");
      crashPoint(`prepare.${planned.name}.${at}`);
      await make(change, planned.name, plan.root, ports, settings, warnings);
    }
    crashPoint(`prepare.${planned.name}.done`);
    const evidence = operations.find(({ name }) => name === planned.name)?.evidence?.(ports.tree) ?? [];
    results.push({ name: planned.name, done: planned.changes, evidence, warnings });
  }
  ports.tree.sync();
  return results;
}

async function make(
  change: Change,
  operation: string,
  root: string,
  { tree, sandbox, random, runOnHost }: PreparePorts,
  { device, signal }: PrepareSettings,
  warnings: string[],
): Promise<void> {
  switch (change.kind) {
    case "write": {
      const { content } = change;
      const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : draw(content, random);
      return tree.write(change.path, bytes, change.mode ?? 0o644);
    }
    case "copy":
      return tree.copy(change.from, change.path);
    case "move":
      return tree.move(change.from, change.path);
    case "link":
      return tree.link(change.path, change.target);
    case "remove":
      return tree.remove(change.path);
    case "host": {
      const failure = await runOnHost(change.argv, signal);
      if (failure !== undefined) warnings.push(`${change.what}: ${failure}`);
      return;
    }
    case "run": {
      const { argv, timeoutMs, env = {}, bind = [] } = change;
      const ending = await sandbox.run(root, argv, { env, timeoutMs, bind, device, signal });
      if (ending.exitCode !== 0 || ending.timedOut) throw new PrepareStepError(operation, argv[0] ?? "", ending);
    }
  }
}

function draw(content: FreshContent, random: PreparePorts["random"]): Uint8Array {
  if (content.fresh === "bytes") return random(content.sizeBytes);
  const id = Buffer.from(random(16));
  // machine-id(5) asks for a random UUID, version 4, without its dashes.
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x40;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  return Buffer.from(`${id.toString("hex")}\n`, "latin1");
}
