import type { SessionNote } from "../chain/coordinator-events.ts";
import type { NodeRecord } from "../chain/roster.ts";
import type { SessionSettings } from "../chain/session-settings.ts";
import type { Message } from "../wire/messages.ts";
import type { GoldenFrames } from "./golden-frames.ts";
import type { SessionState } from "./session-state.ts";

/** What a golden node serves, and whom it tells what happens. */
export interface GoldenParts {
  readonly state: SessionState;
  readonly settings: SessionSettings;
  readonly frames: GoldenFrames;
  /** Names of the only nodes that may join. */
  readonly only: readonly string[] | undefined;
  /** The most that leaves this host; asked again and again. */
  readonly rateBytesPerSecond: () => number | undefined;
  readonly where: { readonly port: number; readonly host: string | undefined };
  /** What the node at a position of the session, from 1, is to make of its copy. */
  readonly settle: (node: Pick<NodeRecord, "name" | "host">, position: number) => Settlement;
  /** What nodes are told that have a disk as their target. @throws If no layout can be had for it. */
  readonly disk: () => Promise<DiskOrder>;
  /** Between the nodes when they are let go. */
  readonly releaseDelayMs: number;
  readonly onNote: (note: SessionNote) => void;
  readonly onLog: (node: string, line: string) => void;
}

/** How nodes are to divide their disks, as it is sent. */
export type DiskOrder = Omit<Message<"disk">, "kind">;

/** What a node is to make of its copy once it is verified. */
export type Settlement = Omit<Message<"settle">, "kind">;
