import { existsSync } from "node:fs";
import type { Consistency } from "../../../core/manifest/manifest.ts";
import { parseOperand } from "../../../core/operand.ts";
import { defaultPort } from "../../../journeys/clone/link/chain-port.ts";
import { planCaptureOf } from "../../capture/capture.ts";
import { showImage } from "../../images/images.ts";
import { choosePaths } from "../../settings/settings.ts";
import type { CloneServeOptions } from "./serve-options.ts";
import { sessionStatePath } from "./session-place.ts";

/** What the serving of a session would do. */
export interface CloneServePlan {
  readonly session: string;
  /** It was begun before, and would go on under the same token. */
  readonly resumes: boolean;
  /** What would be served: an image, or what a system is captured to. */
  readonly source:
    | { readonly kind: "image"; readonly image: string; readonly name: string; readonly bytes: number }
    | { readonly kind: "system"; readonly root: string; readonly name: string; readonly consistency: Consistency };
  /** Absent for all addresses of this host. */
  readonly address?: string;
  readonly port: number;
  /** Nodes that ask on the local net would be answered. */
  readonly discovery: boolean;
  readonly nodes?: number;
  /** What nodes make of their copies. */
  readonly identity: "reset" | "keep" | "none";
}

/** Says what `cloneServeAsJob` would do; changes nothing. @throws {ImageNotFoundError} @throws {SystemNotFoundError} */
export async function planCloneServe(
  source: string,
  options: CloneServeOptions & { readonly excludes?: readonly string[] },
): Promise<CloneServePlan> {
  const { session, host, port = defaultPort, discovery = false, prepare, settings, paths = choosePaths() } = options;
  return {
    session,
    resumes: existsSync(sessionStatePath(paths.stateDirectory, session)),
    source: await planSource(source, options),
    ...(host !== undefined && { address: host }),
    port,
    discovery,
    ...(settings?.nodes !== undefined && { nodes: settings.nodes }),
    identity: prepare?.identity ?? "none",
  };
}

async function planSource(
  source: string,
  options: CloneServeOptions & { readonly excludes?: readonly string[] },
): Promise<CloneServePlan["source"]> {
  if (parseOperand(source).kind === "image") {
    const { name } = await showImage(source, options);
    return { kind: "image", image: name.image, name: `${name.name}:${name.tag}`, bytes: name.bytes };
  }
  const { plan } = await planCaptureOf(source, options);
  return { kind: "system", root: plan.root, name: plan.name, consistency: plan.consistency };
}
