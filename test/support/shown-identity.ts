import { addConsoleService } from "./console-service.ts";

/** Who a system is, as programs in it see it. */
export interface ShownIdentity {
  readonly hostname: string;
  readonly machineId: string;
  /** Fingerprints, sorted. */
  readonly hostKeys: readonly string[];
  /** The digests of files of state, by their path; `none` for one that is not there. */
  readonly files: ReadonlyMap<string, string>;
}

const script = `#!/bin/sh
exec > /dev/ttyS0
echo
echo "identity hostname $(hostname)"
echo "identity machine-id $(cat /etc/machine-id)"
for key in /etc/ssh/ssh_host_*_key.pub; do echo "identity host-key $(ssh-keygen -lf "$key" | cut -d ' ' -f 2)"; done
for file in /var/lib/dhcp/dhclient6.leases /var/lib/systemd/random-seed; do
  sum=$(sha256sum "$file" 2>/dev/null) || sum=none
  echo "identity file $file \${sum%% *}"
done
`;

/** Has the system of a tree show who it is on its serial console, before it asks for a login. */
export function showIdentityIn(tree: string): void {
  addConsoleService(tree, "/usr/local/bin/show-identity", script, "ssh.service systemd-random-seed.service");
}

/** Reads what {@link showIdentityIn} had a console show. */
export function readShownIdentity(console: string): ShownIdentity {
  const lines = [...console.matchAll(/^identity (\S+) (.*)$/gm)].map(([, kind = "", value = ""]) => ({ kind, value }));
  const valuesOf = (wanted: string): string[] => lines.filter(({ kind }) => kind === wanted).map(({ value }) => value);
  return {
    hostname: valuesOf("hostname")[0] ?? "",
    machineId: valuesOf("machine-id")[0] ?? "",
    hostKeys: valuesOf("host-key").toSorted(),
    files: new Map(valuesOf("file").map((value) => value.split(" ", 2) as [string, string])),
  };
}
