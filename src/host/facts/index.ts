/**
 * What `system/facts` asks for, done on this machine: files below a root that nothing can lead out of, comparison of files
 * with recorded digests, the rpm database, and what the host shows of itself.
 */
export { observeHost } from "./observe-host.ts";
export { openSystemSources } from "./open-system-sources.ts";
export { openRootedFiles } from "./rooted-files.ts";
