import { cloneJoin } from "../../src/index.ts";

/** A node of a chain as a process of its own. Called with the options of a join, as JSON; prints its result. */
const { directory, options } = JSON.parse(process.argv[2] ?? "") as {
  readonly directory: string;
  readonly options: Parameters<typeof cloneJoin>[1];
};

process.stdout.write(`${JSON.stringify(await cloneJoin(directory, options))}\n`);
