import { createHash } from "node:crypto";
import type { ByteString } from "../../../core/tree/byte-string.ts";
import type { Change, Examination, Operation } from "../operation.ts";
import { nothing } from "../operation.ts";
import type { TreeView } from "../ports.ts";
import { at, findProgram, maxConfigBytes, pathsIn, removals, kindOf } from "../text/tree-paths.ts";
import { currentHostname } from "./hostname.ts";

const keyName = /^ssh_host_.*key(?:\.pub|-cert\.pub)?$/;
const unitPath = at("etc/systemd/system/rehome-ssh-host-keys.service");
const keyTimeoutMs = 120_000;
const unit = `# Made by rehome: this system was cloned, and makes its own host keys when it starts for the first time.
[Unit]
Description=Make the SSH host keys of this system
Before=ssh.service ssh.socket sshd.service sshd.socket
After=systemd-random-seed.service
ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key

[Service]
Type=oneshot
ExecStart=KEYGEN -A

[Install]
WantedBy=multi-user.target
`;

/** Host keys that no other clone has: made in the sandbox by the tree's own ssh-keygen, or by the system at its first start. */
export const sshHostKeys: Operation<"ssh-host-keys"> = {
  name: "ssh-host-keys",
  summary: "SSH host keys of its own",
  policies: ["reset"],
  examine(tree, choices) {
    const removed = removals(tree, pathsIn(tree, "etc/ssh", keyName), "a key that every clone would share");
    const hasServer = findProgram(tree, "sshd") !== undefined;
    const remarks = remarksOn(tree);
    if (removed.length === 0 && !hasServer) return { ...nothing, remarks };
    if (!hasServer) return { changes: removed, remarks };
    const keygen = findProgram(tree, "ssh-keygen");
    if (keygen === undefined) return { changes: [], blocked: "the tree has an SSH server and no ssh-keygen", remarks };
    const made = choices.fresh === "now" ? makeNow(tree, keygen, choices.hostname) : makeAtFirstBoot(tree, keygen);
    return { ...made, changes: [...removed, ...made.changes], remarks };
  },
  evidence(tree) {
    const keys = pathsIn(tree, "etc/ssh", /^ssh_host_.*key\.pub$/);
    if (keys.length === 0) return ["keys are made at first boot"];
    return keys.map((path) => fingerprint(tree.read(path, maxConfigBytes) ?? ("" as ByteString)));
  },
};

function makeNow(tree: TreeView, keygen: string, hostname: string | undefined): Examination {
  const env = { HOSTNAME: hostname ?? currentHostname(tree) ?? "localhost" };
  return { changes: [{ kind: "run", argv: [keygen, "-A"], what: "new host keys", timeoutMs: keyTimeoutMs, env }] };
}

function makeAtFirstBoot(tree: TreeView, keygen: string): Examination {
  // The RPM family and SUSE make missing keys at each start of the server.
  const ownMaker = ["sshd-keygen@.service", "sshd-keygen.service"].some(
    (name) => kindOf(tree, at(`usr/lib/systemd/system/${name}`)) === "file",
  );
  if (ownMaker || findProgram(tree, "sshd-gen-keys-start") !== undefined) return nothing;
  if (kindOf(tree, at("usr/lib/systemd/systemd")) !== "file" && kindOf(tree, at("lib/systemd/systemd")) !== "file")
    return { changes: [], blocked: "keys at first boot need systemd in the tree; give --fresh now" };
  const changes: Change[] = [
    {
      kind: "write",
      path: unitPath,
      content: unit.replace("KEYGEN", keygen) as ByteString,
      what: "a unit that makes host keys at first boot",
    },
    {
      kind: "link",
      path: at("etc/systemd/system/multi-user.target.wants/rehome-ssh-host-keys.service"),
      target: "../rehome-ssh-host-keys.service" as ByteString,
      what: "the unit is enabled",
    },
  ];
  return { changes };
}

/** What stays the same in every clone and only a person can judge. */
function remarksOn(tree: TreeView): string[] {
  const config = tree.read(at("etc/ssh/sshd_config"), maxConfigBytes) ?? "";
  const ownKeys = [...config.matchAll(/^[ \t]*HostKey[ \t]+(\S+)/gim)]
    .map(([, path = ""]) => path)
    .filter((path) => !/^\/etc\/ssh\/ssh_host_\w+_key$/.test(path))
    .map((path) => `sshd_config names the host key ${path}; it stays`);
  const dropbear = [
    ...pathsIn(tree, "etc/dropbear", /_host_key$/),
    ...pathsIn(tree, "etc/dropbear/initramfs", /_host_key$/),
  ];
  return [...ownKeys, ...dropbear.map((path) => `/${path} stays: rehome does not make keys for dropbear`)];
}

/** `ED25519 SHA256:…`, as ssh-keygen shows it. */
function fingerprint(line: ByteString): string {
  const [type = "", key = ""] = line.split(" ");
  const digest = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "");
  const name = type.replace(/^ssh-|^ecdsa-sha2-/, "").replace(/[^\w-]/g, "");
  return `${name} SHA256:${digest}`;
}
