import { TargetUnsuitableError } from "./errors.ts";

/** An unfinished restore found beside or in its target. */
export interface UnfinishedRestore {
  readonly image: string;
  /** Path inside the image that was asked for; empty for all. */
  readonly path: string;
  readonly stage: string;
  /** Who its tree was to become. */
  readonly as?: string;
  /** Its tree is whole, and is becoming that. */
  readonly isPreparing?: true;
  /** Everything up to here in walk order is durable; absent where nothing is. */
  readonly doneUpTo?: string;
  /** Another process is at it just now. */
  readonly locked: boolean;
  /** Its tree has taken its place already; only what was needed on the way is left. */
  readonly isPublished?: true;
}

/** Facts about the target of a restore; the host gathers them. */
export interface RestoreFacts {
  /** Absolute. */
  readonly target: string;
  readonly kind: "absent" | "empty-directory" | "directory" | "other";
  readonly isMountPoint: boolean;
  readonly unfinished: readonly UnfinishedRestore[];
  readonly freeBytes: number;
  /** A name not in use, for staging. */
  readonly newStage: string;
}

/** What the user asked for. */
export interface RestoreChoices {
  readonly image: string;
  readonly path: string;
  readonly intoExisting: boolean;
  readonly delete: boolean;
  readonly backup: boolean;
  readonly verify: boolean;
  readonly neededBytes: number;
  /** Who the tree is to become: its new hostname. */
  readonly as?: string;
}

/** A step of a restore, in the order they run. */
export type RestoreStep =
  | { readonly kind: "stage"; readonly directory: string }
  | { readonly kind: "compare" }
  | { readonly kind: "back-up" }
  | { readonly kind: "write-tree" }
  | { readonly kind: "delete-extra" }
  | { readonly kind: "sync" }
  | { readonly kind: "verify" }
  | { readonly kind: "prepare"; readonly hostname: string }
  | { readonly kind: "publish"; readonly from: string; readonly to: string }
  | { readonly kind: "tidy-up" };

/** What a restore will do. `root` is where the tree is written; `stage` holds it and the marker where they are apart from the target. */
export interface RestorePlan {
  readonly version: 1;
  readonly target: string;
  readonly mode: "staged" | "in-place" | "converge";
  readonly stage: string | undefined;
  readonly root: string;
  readonly resumes: UnfinishedRestore | undefined;
  readonly steps: readonly RestoreStep[];
}

/**
 * Decides how to restore into a target. Reads nothing, changes nothing.
 *
 * @throws {TargetUnsuitableError} If the target holds something else, or there is not enough room.
 */
export function planRestore(facts: RestoreFacts, choices: RestoreChoices): RestorePlan {
  const { target } = facts;
  const busy = facts.unfinished.find(({ locked }) => locked);
  if (busy) throw new TargetUnsuitableError(target, "another process is restoring into it", "Wait for it to end.");
  if (facts.kind === "other")
    throw new TargetUnsuitableError(target, "it is no directory", "Name a directory that is absent or empty.");
  if (choices.as !== undefined && (choices.intoExisting || choices.path !== ""))
    throw new TargetUnsuitableError(
      target,
      "a part of a system, or one that is there, cannot become another on the way",
      "Leave out --as, then use `rehome prepare`.",
    );
  if (choices.intoExisting) return planConvergence(facts, choices);
  const isSame = ({ image, path, as }: UnfinishedRestore): boolean =>
    image === choices.image && path === choices.path && as === choices.as;
  const published = facts.unfinished.find((unfinished) => unfinished.isPublished && isSame(unfinished));
  if (published && facts.kind === "directory") return planFinish(target, published, choices);
  const open = facts.unfinished.filter(({ isPublished }) => !isPublished);
  const resumes = open.find(isSame);
  const other = open.find((unfinished) => unfinished !== resumes);
  if (other && !resumes)
    throw new TargetUnsuitableError(
      target,
      `an unfinished restore of image @${other.image.slice(0, 12)} is under way there`,
      `Finish it with the same command as then, or remove "${other.stage}".`,
    );
  if (facts.kind === "directory" && !(facts.isMountPoint && resumes))
    throw new TargetUnsuitableError(
      target,
      "it is not empty",
      "Name a directory that is absent or empty, or give --into-existing to make this one equal the image.",
    );
  if (facts.freeBytes < choices.neededBytes && !resumes)
    throw new TargetUnsuitableError(
      target,
      `${facts.freeBytes} bytes are free and about ${choices.neededBytes} are needed`,
      "Free room there, or choose another file system.",
    );
  const finish: RestoreStep[] = [
    { kind: "write-tree" },
    { kind: "sync" },
    ...(choices.verify ? [{ kind: "verify" } as const] : []),
    ...(choices.as === undefined ? [] : [{ kind: "prepare", hostname: choices.as } as const]),
  ];
  if (facts.isMountPoint)
    return { version: 1, target, mode: "in-place", stage: undefined, root: target, resumes, steps: finish };
  const stage = resumes?.stage ?? facts.newStage;
  return {
    version: 1,
    target,
    mode: "staged",
    stage,
    root: `${stage}/tree`,
    resumes,
    steps: [{ kind: "stage", directory: stage }, ...finish, { kind: "publish", from: `${stage}/tree`, to: target }],
  };
}

/** The tree was written and renamed; the program died before it had tidied up. */
function planFinish(target: string, published: UnfinishedRestore, { verify }: RestoreChoices): RestorePlan {
  return {
    version: 1,
    target,
    mode: "staged",
    stage: published.stage,
    root: target,
    resumes: published,
    steps: verify && published.as === undefined ? [{ kind: "verify" }, { kind: "tidy-up" }] : [{ kind: "tidy-up" }],
  };
}

function planConvergence(facts: RestoreFacts, choices: RestoreChoices): RestorePlan {
  const { target } = facts;
  if (facts.kind === "absent")
    throw new TargetUnsuitableError(target, "it does not exist", "Leave out --into-existing.");
  if (choices.path !== "")
    throw new TargetUnsuitableError(
      target,
      "--path and --into-existing do not go together",
      "Restore the path beside it, then move it.",
    );
  return {
    version: 1,
    target,
    mode: "converge",
    stage: undefined,
    root: target,
    resumes: undefined,
    steps: [
      { kind: "compare" },
      ...(choices.backup ? [{ kind: "back-up" } as const] : []),
      { kind: "write-tree" },
      ...(choices.delete ? [{ kind: "delete-extra" } as const] : []),
      { kind: "sync" },
      ...(choices.verify ? [{ kind: "verify" } as const] : []),
    ],
  };
}
