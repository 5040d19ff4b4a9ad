import type { SessionNote } from "../../../journeys/clone/chain/coordinator-events.ts";
import type { NodeRecord } from "../../../journeys/clone/chain/roster.ts";
import type { SessionSettings } from "../../../journeys/clone/chain/session-settings.ts";
import type { SessionFigures } from "../../../journeys/clone/golden/session-figures.ts";
import type { HostnameRule } from "../../../journeys/clone/golden/hostnames.ts";
import type { IdentityPolicy } from "../../../system/prepare/operation.ts";
import type { StoreOptions } from "../../store/store.ts";
import type { CloneDisks } from "./disk-order.ts";

/** How to serve an image to a chain. Everything but the session's name has a default. */
export interface CloneServeOptions extends StoreOptions {
  readonly session: string;
  readonly settings?: Partial<SessionSettings>;
  /** TCP port; 0: any that is free. */
  readonly port?: number;
  /** The address to serve at; by default all. */
  readonly host?: string;
  /** Answers nodes of the local net that ask where the session is. Needs `host`, which is what they are told. */
  readonly discovery?: boolean;
  readonly rateBytesPerSecond?: number | (() => number | undefined);
  /** Names of the only nodes that may join. */
  readonly only?: readonly string[];
  /** What nodes make of their copies; by default nothing. */
  readonly prepare?: ClonePreparation;
  /** What nodes that clone to disks are told; by default to divide theirs as the golden system's are. */
  readonly disks?: CloneDisks;
  /** Between the nodes when they are let go, at the end. Default: 0. */
  readonly releaseDelayMs?: number;
  /** How long to serve on after every node has a verdict, and to let in who comes. */
  readonly lingerMs?: number;
  readonly onNote?: (note: SessionNote) => void;
  /** A line of a node's log. */
  readonly onLog?: (node: string, line: string) => void;
  readonly signal?: AbortSignal;
}

/** What nodes make of their copies once these are verified. */
export interface ClonePreparation {
  /** As {@link PrepareOptions.identity}. */
  readonly identity: IdentityPolicy;
  readonly hostnames: HostnameRule;
  /** For the initramfs. */
  readonly modules?: readonly string[];
}

/** A session that is being served. */
export interface ServedSession {
  /** What nodes need to join. */
  readonly token: string;
  readonly port: number;
  /** The id of the image; undefined while a system is captured. */
  image(): string | undefined;
  /** It had been begun before, and goes on. */
  readonly resumed: boolean;
  /** Why nodes that are not told its address cannot find it; undefined where they can. */
  readonly whyHidden: string | undefined;
  hasStarted(): boolean;
  go(): void;
  nodes(): readonly NodeRecord[];
  /** Has a node run a command; resolves with its exit status. Undefined: it is not there. */
  exec(node: string, words: readonly string[]): Promise<number> | undefined;
  figures(): SessionFigures;
}

/** What came of a session. */
export interface CloneServeResult {
  readonly figures: SessionFigures;
  readonly nodes: readonly NodeRecord[];
  /** It was stopped before every node had a verdict; the same call goes on with it. */
  readonly stopped: boolean;
}
