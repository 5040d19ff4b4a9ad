import { cloneJoin, cloneJoinStore, type CloneJoinOptions } from "../../src/index.ts";

/** A node of a chain, and its target: a directory or a store. */
export interface JoiningNode {
  readonly directory?: string;
  readonly store?: string;
  readonly options: CloneJoinOptions;
}

/** Joins as a node in a process of its own. Called with a {@link JoiningNode}, as JSON; prints its result. */
async function joinNode({ directory = "", store, options }: JoiningNode): Promise<object> {
  return store === undefined ? await cloneJoin(directory, options) : await cloneJoinStore({ ...options, store });
}

if (import.meta.main)
  process.stdout.write(`${JSON.stringify(await joinNode(JSON.parse(process.argv[2] ?? "") as JoiningNode))}\n`);
