import type { Change, Operation } from "../operation.ts";
import type { TreeView } from "../ports.ts";
import { lineChanges } from "../text/edit-lines.ts";
import { maxConfigBytes, pathsIn, removals } from "../text/tree-paths.ts";

/** Where DHCP clients keep leases, and the identifiers by which servers know a machine. */
const leaseFiles: readonly (readonly [directory: string, name: RegExp])[] = [
  ["var/lib/dhcp", /\.(?:leases?|lease6)(?:~|\.\d+)?$|^duid/],
  ["var/lib/dhcp3", /\.leases$/],
  ["var/lib/dhclient", /\.leases?$/],
  ["var/lib/dhcpcd", /\.lease6?$|^duid$|^secret$|^DUID$/],
  ["var/lib/dhcpcd5", /\.lease6?$|^duid$|^secret$/],
  ["var/db/dhcpcd", /\.lease6?$|^duid$|^secret$/],
  ["etc", /^dhcpcd\.(?:duid|secret)$/],
  ["var/lib/NetworkManager", /\.leases?$|^secret_key$|^timestamps$|^seen-bssids$/],
  ["var/lib/wicked", /^(?:duid|iaid|lease-.*)\.xml$/],
  ["var/lib/systemd/network", /\.lease$/],
];

/** Configuration that pins a DUID. */
const pinned: readonly (readonly [directory: string, name: RegExp])[] = [
  ["etc/systemd", /^networkd\.conf$/],
  ["etc/systemd/networkd.conf.d", /\.conf$/],
  ["etc/systemd/network", /\.network$/],
];

/** Leases and DUIDs, so that a clone does not ask for the addresses of its original. */
export const dhcp: Operation<"dhcp"> = {
  name: "dhcp",
  summary: "DHCP leases and DUIDs",
  policies: ["reset"],
  examine(tree) {
    const leases = leaseFiles.flatMap(([directory, name]) => pathsIn(tree, directory, name));
    return { changes: [...removals(tree, leases, "of the machine it was copied from"), ...unpin(tree)] };
  },
};

function unpin(tree: TreeView): Change[] {
  return pinned
    .flatMap(([directory, name]) => pathsIn(tree, directory, name))
    .flatMap((path) =>
      lineChanges(path, tree.read(path, maxConfigBytes), "a DUID follows the machine-id again", (line) =>
        line.replace(/^[ \t]*DUIDRawData=/, "#$&"),
      ),
    );
}
