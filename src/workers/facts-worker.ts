import type { CaptureWarning, HostFacts, SystemFacts } from "../core/manifest/manifest.ts";
import { observeHost, openSystemSources } from "../host/facts/index.ts";
import { describeHost, readSystemFacts } from "../system/facts/index.ts";
import { serveRequests } from "./serve.ts";

/** Asks for the facts of a tree, and with `host` for those of this host. */
export interface FactsRequest {
  readonly root: string;
  readonly packageFiles: "changed" | "all";
  readonly nspawnFile: string | undefined;
  readonly host: boolean;
}

/** The facts, and what of the tree was there but could not be read. */
export interface FactsResponse {
  readonly system: SystemFacts;
  readonly host: HostFacts | undefined;
  readonly warnings: readonly CaptureWarning[];
}

serveRequests<FactsRequest, FactsResponse>(async ({ root, packageFiles, nspawnFile, host }) => {
  const warnings: CaptureWarning[] = [];
  using sources = openSystemSources(root, (warning) => void warnings.push(warning));
  const [system, observed] = await Promise.all([
    readSystemFacts(sources, { packageFiles, ...(nspawnFile !== undefined && { nspawnFile }) }),
    host ? observeHost() : undefined,
  ]);
  return { response: { system, host: observed && describeHost(observed), warnings }, transfer: [] };
});
