import type { Static, TSchema } from "typebox";
import type { OnProgress } from "../../../core/progress.ts";
import type { Json } from "../../../engine/job.ts";
import type { Schema } from "../manifest/check-value.ts";
import type { BuildPorts } from "../ports.ts";

/** Objects that checkpoints hand to later ones. What a constructor `provides` is held against its schema when it is set. */
export interface DataObjects {
  /** A persistent object, or one of this run; undefined if none was set. */
  readonly get: (name: string) => unknown;
  /** All persistent objects by their names. */
  readonly all: () => Readonly<Record<string, Json>>;
  /** Sets a persistent object: it is kept with each state, and comes back with it. @throws {CheckpointFailedError} If it is not as `provides` says. */
  readonly set: (name: string, value: Json) => void;
  /** Sets an object that lives as long as this run; a build that needs it cannot be resumed after this checkpoint. */
  readonly setForRun: (name: string, value: unknown) => void;
}

/** What a checkpoint works with; it touches nothing else. */
export interface BuildContext {
  /** The tree that is built. Absolute. */
  readonly root: string;
  /** A directory for files that later checkpoints need; a part of the build's state. Absolute. */
  readonly work: string;
  readonly data: DataObjects;
  /** A line for people, in both logs of the build. */
  readonly log: (line: string) => void;
  /** A line for those who look for a mistake, in the detailed log only. */
  readonly detail: (line: string) => void;
  readonly onProgress: OnProgress;
  /** Aborted at a time-out, to pause and to cancel: end at the next safe point, with any error. */
  readonly signal: AbortSignal;
  readonly ports: BuildPorts;
  /** What an earlier run of this checkpoint, which was killed, had kept with `remember`; null at first. */
  readonly remembered: Json;
  /** Keeps something that the next run, or the undo, has to know. Durable on return. */
  readonly remember: (value: Json) => Promise<void>;
}

/** One checkpoint of a build. */
export interface BuildCheckpoint {
  /** What it would do, in lines, for a dry run. */
  readonly plan?: readonly string[];
  /** Does it. Before each run the tree is what it was before the checkpoint, also after a kill in the middle. */
  readonly run: (context: BuildContext) => Promise<void>;
  /** Takes back what it did outside the tree and the work area; those come back by themselves. May be called twice. */
  readonly undo?: (context: BuildContext) => Promise<void>;
}

/** Makes checkpoints of one kind from their arguments. */
export interface CheckpointConstructor<Arguments = never> {
  /** What it does, for lists: an order. */
  readonly summary: string;
  /** A JSON Schema of the arguments: an object. */
  readonly arguments: Schema;
  /** Schemas of the persistent data objects that it sets, by name; `%{NAME.KEY}` in later arguments stands for them. */
  readonly provides?: Readonly<Record<string, Schema>>;
  /** Names of data objects that it sets for the run alone. */
  readonly providesForRun?: readonly string[];
  /** Arguments that are paths of this host: relative ones are relative to the manifest, and their content counts. */
  readonly pathArguments?: readonly string[];
  /** Arguments in which `${…}` and `%{…}` stand for themselves. */
  readonly verbatimArguments?: readonly string[];
  /** How long it usually takes; a guess for the first build. */
  readonly seconds?: number;
  /** `none`: what it does outside the tree and the work area cannot be taken back. */
  readonly undo?: "none";
  /** False promises that tree and work area stay as they are. */
  readonly changesTree?: false;
  /** Hashes or ids of what else it reads, by what people call it. Not asked while an argument it needs is a reference. @throws {RehomeError} */
  readonly inputs?: (values: Arguments, ports: BuildPorts) => Promise<Readonly<Record<string, string>>>;
  /** Why it cannot run on this host, sentences without an end. */
  readonly check?: (values: Arguments, ports: BuildPorts) => Promise<readonly string[]>;
  readonly create: (values: Arguments) => BuildCheckpoint;
}

/** A constructor whose arguments have been checked by its schema, whatever they are. */
export type AnyConstructor = CheckpointConstructor<Readonly<Record<string, unknown>>>;

/** A constructor with the types of its arguments taken from its schema. */
export function defineConstructor<Arguments extends TSchema>(
  definition: CheckpointConstructor<Static<Arguments>> & { readonly arguments: Arguments },
): AnyConstructor {
  // Whoever calls it has held the arguments against the schema.
  return definition as unknown as AnyConstructor;
}
