import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { NodeIndex } from "./node-index.ts";
import type { SoughtGolden } from "./seek.ts";

/** What a node joins with. */
export interface NodeParts {
  readonly golden: SoughtGolden;
  readonly name: string;
  /** Where it listens for its successor; port 0: any. */
  readonly where: { readonly port: number; readonly host: string | undefined };
  readonly index: NodeIndex;
  /** Says whether the target holds nothing of this image, so that all frames are asked for at once. */
  readonly isFresh: (image: string) => boolean;
  /** Of what it holds of this image: entries up to there in walk order are whole. */
  readonly doneUpTo: (image: string) => TreePath | undefined;
  /** Says whether a frame is on this node beside the target, where `fromFiles` has it from: it is not asked for. */
  readonly isBeside: (frame: number) => boolean;
  /** The plain bytes of a frame from files that are written, or from what is beside. */
  readonly fromFiles: (frame: number) => Promise<Buffer | undefined>;
  /** For people: what happens, in one line each. */
  readonly onLine: (line: string) => void;
  /** Runs a command of the golden node; undefined: it does not run any. Resolves with its exit status. */
  readonly exec: ((words: readonly string[], onLine: (line: string) => void) => Promise<number>) | undefined;
  readonly signal: AbortSignal | undefined;
}
