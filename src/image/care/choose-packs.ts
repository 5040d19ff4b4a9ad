import type { Condemnation } from "../store/condemnation.ts";
import type { PackUse } from "./reachability.ts";

/** Packs that a prune condemns: those nobody needs, and those of which so little is needed that it is written anew. */
export interface ChosenPacks {
  readonly unneeded: readonly PackUse[];
  readonly rewritten: readonly PackUse[];
}

/** Decides which packs go. What is condemned already is left to its own record. */
export function choosePacks(
  use: readonly PackUse[],
  condemnations: readonly Condemnation[],
  minNeededShare: number,
): ChosenPacks {
  const condemned = new Set(condemnations.flatMap(({ packs }) => packs));
  const free = use.filter(({ pack }) => !condemned.has(pack));
  return {
    unneeded: free.filter(({ neededBytes }) => neededBytes === 0),
    rewritten: free.filter(
      ({ neededBytes, storedBytes }) => neededBytes > 0 && neededBytes < storedBytes * minNeededShare,
    ),
  };
}
