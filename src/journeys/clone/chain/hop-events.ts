import type { FrameRange } from "../wire/frame-ranges.ts";

/** What happens to a hop. `epoch` tells links apart: one that is not the current link's is of the past and changes nothing. */
export type HopEvent =
  /** The golden node has named a predecessor. */
  | { readonly kind: "linked"; readonly epoch: number }
  | { readonly kind: "opened" | "closed" | "heard"; readonly epoch: number }
  /** The header of a frame was read; its body follows. */
  | { readonly kind: "began"; readonly epoch: number; readonly frame: number; readonly sizeBytes: number }
  | { readonly kind: "received"; readonly epoch: number; readonly frame: number }
  /** What was received is not what the golden node has sealed or signed. */
  | { readonly kind: "broken"; readonly frame: number }
  /** The own writer has taken what it needs of a frame in memory. */
  | { readonly kind: "written"; readonly frame: number }
  /** The own writer cannot go on without a frame. */
  | { readonly kind: "awaited"; readonly frame: number }
  /** Something that was taken to be in files is not. */
  | { readonly kind: "gone"; readonly frame: number }
  /** Frames that did not exist now do: here, at the golden node; elsewhere they are lacking if they are needed. */
  | { readonly kind: "exist"; readonly ranges: readonly FrameRange[] }
  /** Frames that were asked for do not exist. */
  | { readonly kind: "absent"; readonly ranges: readonly FrameRange[] }
  /** The index tells exactly what is lacking; `frames`: how many there are in all. */
  | { readonly kind: "lacks"; readonly ranges: readonly FrameRange[] }
  /** The golden node has named a successor, or says that there is none. */
  | { readonly kind: "accepted"; readonly epoch: number; readonly aside: boolean }
  | { readonly kind: "alone" }
  | { readonly kind: "attached" | "detached"; readonly epoch: number }
  | { readonly kind: "asked"; readonly epoch: number; readonly ranges: readonly FrameRange[] }
  | { readonly kind: "sent"; readonly epoch: number; readonly frame: number }
  | { readonly kind: "tick" };

/** What a hop wants done. */
export type HopCommand =
  | { readonly kind: "connect"; readonly epoch: number; readonly ask: readonly FrameRange[] }
  | { readonly kind: "close"; readonly epoch: number }
  | { readonly kind: "get"; readonly epoch: number; readonly ask: readonly FrameRange[] }
  /** Read the body of the frame that began, and forget it. */
  | { readonly kind: "skip"; readonly frame: number }
  /** Read no further than to the end of the frame that comes; or go on. */
  | { readonly kind: "pause" | "resume" }
  /** In the order given. From the ring perhaps while it still comes; from files: rebuild it, or say `gone`. */
  | { readonly kind: "send"; readonly epoch: number; readonly frame: number; readonly from: "ring" | "files" }
  | { readonly kind: "idle"; readonly epoch: number }
  | { readonly kind: "detach"; readonly epoch: number }
  /** Forget the bytes of a frame. */
  | { readonly kind: "drop"; readonly frame: number }
  | { readonly kind: "lost-link"; readonly epoch: number }
  | { readonly kind: "blame"; readonly epoch: number; readonly frame: number };

/** How a hop stands. `held`: reading is stopped by its successor, or by its own writing. */
export interface HopReport {
  readonly complete: number;
  readonly lacking: number;
  readonly held: "no" | "successor" | "writing";
  readonly silentMs: number;
  readonly epoch: number;
}

/** What happens on the link to the predecessor. */
export type UpstreamEvent = Extract<HopEvent, { readonly kind: "opened" | "closed" | "heard" | "began" | "received" }>;
/** What happens to, and on, the link to the successor. */
export type DownstreamEvent = Extract<
  HopEvent,
  { readonly kind: "accepted" | "alone" | "attached" | "detached" | "asked" | "sent" }
>;
/** All else. */
export type OwnEvent = Exclude<HopEvent, UpstreamEvent | DownstreamEvent | { readonly kind: "linked" }>;

const upstreamKinds = new Set<string>(["linked", "opened", "closed", "heard", "began", "received"]);
const downstreamKinds = new Set<string>(["accepted", "alone", "attached", "detached", "asked", "sent"]);

/** Tells what comes from above. */
export function isOfUpstream(event: HopEvent): event is UpstreamEvent | Extract<HopEvent, { readonly kind: "linked" }> {
  return upstreamKinds.has(event.kind);
}

/** Tells what comes from below. */
export function isOfDownstream(event: HopEvent): event is DownstreamEvent {
  return downstreamKinds.has(event.kind);
}
