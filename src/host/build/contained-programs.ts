import type { Programs } from "../../journeys/build/ports.ts";
import { openNamespaces } from "../namespaces.ts";
import { nspawnSandbox } from "../prepare/sandbox.ts";
import { findTool } from "../processes.ts";

/** Whoever calls ends them by his signal; timers know no longer time. */
const noTimeoutMs = 2 ** 31 - 1;

/** Variables of this process that programs of a build get: without them a host behind a proxy fetches nothing. */
const handedOn: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "LANG",
  "TMPDIR",
  "http_proxy",
  "https_proxy",
  "ftp_proxy",
  "no_proxy",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
]);

/** The {@link Programs} of this machine: of the host in namespaces that end with this process, of the tree in a sandbox in such. */
export const containedPrograms: Programs = {
  async runOnHost(argv, { env = {}, onLine, signal }) {
    const [command = "", ...args] = argv;
    await using space = await openNamespaces();
    const others = Object.keys(process.env).filter((name) => !handedOn.has(name));
    const { exitCode } = await space.enter(command, args, {
      env: { ...Object.fromEntries(others.map((name) => [name, undefined])), ...env },
      timeoutMs: noTimeoutMs,
      onLine,
      signal,
    });
    return exitCode;
  },
  async runInTree(root, argv, { env = {}, onLine, signal, hasNetwork }) {
    const proxies = Object.entries(process.env).filter(([name]) => hasNetwork && /_proxy$/i.test(name));
    const { exitCode } = await nspawnSandbox.run(root, argv, {
      env: { ...Object.fromEntries(proxies.map(([name, value]) => [name, value ?? ""])), ...env },
      timeoutMs: noTimeoutMs,
      bind: [],
      device: undefined,
      hasNetwork,
      onLine,
      signal,
    });
    return exitCode;
  },
  whyNot(where) {
    if (where === "tree") return nspawnSandbox.whyNot("");
    if (process.getuid?.() !== 0) return "its programs run in namespaces of their own, which only root can make";
    const missing = ["unshare", "nsenter"].find((tool) => findTool(tool) === undefined);
    return missing === undefined ? undefined : `its programs run in namespaces, and ${missing} is not installed`;
  },
  isInstalled: (name) => findTool(name) !== undefined,
};
