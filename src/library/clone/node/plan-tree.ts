import { planRestore, type RestoreFacts, type RestorePlan } from "../../../system/restore/plan.ts";

/** What a node writes; `isUpdate`: over an older clone. */
export interface TreeChoices {
  readonly image: string;
  readonly neededBytes: number;
  readonly isUpdate: boolean;
}

/** Decides how a node writes a tree: whole, and read back. @throws {TargetUnsuitableError} */
export function planTree(facts: RestoreFacts, { image, neededBytes, isUpdate }: TreeChoices): RestorePlan {
  return planRestore(facts, {
    image,
    path: "",
    intoExisting: isUpdate,
    delete: isUpdate,
    backup: false,
    verify: true,
    neededBytes,
  });
}
