import type { HopReport } from "./hop-events.ts";

/** What a node said of what it wrote. */
export interface NodeVerdict {
  readonly ok: boolean;
  /** Of the tree that it read back. */
  readonly digest: string;
  readonly verifiedBytes: number;
  /** Frames that had to be asked for again. */
  readonly retries: number;
  readonly reason: string;
}

/** What happens to the golden node's side of a session. */
export type CoordinatorEvent =
  | {
      readonly kind: "joined";
      /** Never given before in this session; above 0. */
      readonly number: number;
      readonly name: string;
      readonly host: string;
      readonly port: number;
      /** The number it had before, or 0. */
      readonly rejoins: number;
    }
  | { readonly kind: "reported"; readonly number: number; readonly report: HopReport }
  | { readonly kind: "left"; readonly number: number }
  | { readonly kind: "lost-link" | "blamed"; readonly number: number; readonly epoch: number }
  | { readonly kind: "verdict"; readonly number: number; readonly verdict: NodeVerdict }
  | { readonly kind: "go" | "tick" };

/** What it wants done. Node 0 is the golden node's own hop. */
export type CoordinatorCommand =
  | { readonly kind: "link"; readonly to: number; readonly epoch: number; readonly predecessor: number }
  | {
      readonly kind: "accept";
      readonly to: number;
      readonly epoch: number;
      readonly successor: number;
      readonly aside: boolean;
    }
  | { readonly kind: "alone"; readonly to: number }
  | { readonly kind: "disconnect"; readonly number: number }
  | { readonly kind: "note"; readonly note: SessionNote }
  /** Every node has a verdict or is given up: tell them, and close. */
  | { readonly kind: "end" };

/** What people are told of a session, in order. */
export type SessionNote =
  | { readonly kind: "joined" | "came-back" | "set-aside" | "accused"; readonly name: string; readonly number: number }
  | { readonly kind: "added"; readonly name: string; readonly number: number; readonly daddy: string }
  | { readonly kind: "started"; readonly nodes: number }
  /** The system that is served is captured: what follows was sent after that. */
  | { readonly kind: "captured"; readonly image: string; readonly entries: number; readonly bytes: number }
  | { readonly kind: "lost"; readonly name: string; readonly number: number }
  | { readonly kind: "verdict"; readonly name: string; readonly number: number; readonly verdict: NodeVerdict };
