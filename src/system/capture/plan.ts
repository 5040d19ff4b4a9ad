import type { Consistency, MountDecision, SystemKind } from "../../core/manifest/manifest.ts";
import type { Addition } from "./additions/walk-with-additions.ts";
import type { PlannedStream } from "./streams/capture-streams.ts";

/** Facts that a capture's plan is made from; the host gathers them. */
export interface CaptureFacts {
  readonly kind: SystemKind;
  /** Absolute, without a slash at the end unless it is `/`. */
  readonly root: string;
  readonly name: string;
  readonly mounts: readonly MountDecision[];
  /** Absolute paths below the root that must not be taken: the store, caches of rehome, active swap files. */
  readonly ownPaths: readonly { readonly path: string; readonly isDirectory: boolean; readonly reason: string }[];
  /** Owner of the root directory. */
  readonly rootUid: number;
  /** Nobody writes: mounted read-only, or a machine that is not running. */
  readonly atRest: boolean;
  readonly hookCount: number;
  /** Raw partitions and files, ascending by name; none by default. */
  readonly streams?: readonly PlannedStream[];
  /** None by default. */
  readonly additions?: readonly Addition[];
}

/** What the user asked for. */
export interface CaptureChoices {
  readonly excludes: readonly string[];
  readonly defaultExcludes: readonly string[];
  readonly rehash: boolean;
  readonly redact: boolean;
}

/** A step of a capture, in the order they run. */
export type CaptureStep =
  | { readonly kind: "begin-session" }
  | { readonly kind: "run-hooks"; readonly when: "pre-capture" | "post-capture" }
  | { readonly kind: "sync" }
  | { readonly kind: "read-facts" }
  | { readonly kind: "find-secrets" }
  | { readonly kind: "read-tree" }
  | { readonly kind: "add"; readonly source: string; readonly path: string }
  | { readonly kind: "read-stream"; readonly source: string; readonly name: string }
  | { readonly kind: "publish" };

/** What a capture will do; printable, storable, and made without changing anything. */
export interface CapturePlan {
  readonly version: 1;
  readonly kind: SystemKind;
  readonly root: string;
  readonly name: string;
  readonly excludes: readonly string[];
  readonly mounts: readonly MountDecision[];
  readonly leftOut: readonly { readonly path: string; readonly isDirectory: boolean; readonly reason: string }[];
  readonly ownerShift: number;
  /** As far as it is known before hooks have run. */
  readonly consistency: Consistency;
  readonly rehash: boolean;
  /** Leave out the contents of files that hold private keys, password hashes or tokens. */
  readonly redact: boolean;
  /** Raw partitions and files, ascending by name; absent in plans of programs that did not know them. */
  readonly streams?: readonly PlannedStream[];
  /** Files and directories of this host that go in beside the tree; absent where there are none. */
  readonly additions?: readonly Addition[];
  readonly steps: readonly CaptureStep[];
}

/** Decides how to capture a system. Reads nothing, changes nothing. */
export function planCapture(facts: CaptureFacts, choices: CaptureChoices): CapturePlan {
  const hooks = facts.hookCount > 0;
  const { streams = [], additions = [] } = facts;
  return {
    version: 1,
    kind: facts.kind,
    root: facts.root,
    name: facts.name,
    excludes: [...choices.defaultExcludes, ...choices.excludes],
    mounts: facts.mounts,
    leftOut: facts.ownPaths.filter(({ path }) => path.startsWith(facts.root === "/" ? "/" : `${facts.root}/`)),
    ownerShift: facts.kind === "machine" && facts.rootUid % 65_536 === 0 ? facts.rootUid : 0,
    consistency: facts.atRest ? "filesystem" : "fuzzy",
    rehash: choices.rehash,
    redact: choices.redact,
    ...(streams.length > 0 && { streams }),
    ...(additions.length > 0 && { additions }),
    steps: [
      { kind: "begin-session" },
      ...(hooks ? [{ kind: "run-hooks", when: "pre-capture" } as const] : []),
      { kind: "sync" },
      { kind: "read-facts" },
      ...(choices.redact ? [{ kind: "find-secrets" } as const] : []),
      { kind: "read-tree" },
      ...additions.map((addition) => ({ kind: "add", ...addition }) as const),
      ...streams.map(({ source, name }) => ({ kind: "read-stream", source, name }) as const),
      { kind: "publish" },
      ...(hooks ? [{ kind: "run-hooks", when: "post-capture" } as const] : []),
    ],
  };
}

/** Makes a name for an image out of what people call a system: `Web_01 (old)` becomes `web_01-old`. */
export function chooseImageName(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replaceAll(/^[^a-z0-9]+|-+$/g, "")
    .slice(0, 128);
  return name === "" ? "system" : name;
}
