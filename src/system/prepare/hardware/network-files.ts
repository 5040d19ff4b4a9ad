import type { TreePath } from "../../../core/tree/byte-string.ts";
import type { TreeView } from "../ports.ts";
import { at, pathsIn } from "../text/tree-paths.ts";

/** Files that say how interfaces are set up, and which of their lines may name one. */
export interface NetworkFiles {
  readonly paths: (tree: TreeView) => readonly TreePath[];
  readonly isAbout: (line: string) => boolean;
}

const isNoComment = (line: string): boolean => !/^\s*[#;]/.test(line);
/** Keys of NetworkManager; others hold passphrases and names that people gave. */
const networkManagerKey = /^(?:interface-name|mac-address|controller|master|parent|primary|path|id-path)=/;
const ifcfgKey =
  /^\s*(?:DEVICE|HWADDR|MASTER|BRIDGE|PHYSDEV|GATEWAYDEV|BRIDGE_PORTS|BONDING_SLAVE_?\w*|ETHERDEVICE|INTERFACE|LLADDR)=/;
/** `route-eth0` and its kin hold a route a line, with the device by name. */
const ifcfgName = /^(?:ifcfg|route6?|rule6?|keys|ifroute)-/;

/** The network configuration of Debian, netplan, systemd-networkd, NetworkManager, the RPM family and SUSE. */
export const networkFiles: readonly NetworkFiles[] = [
  {
    paths: (tree) => [at("etc/network/interfaces"), ...pathsIn(tree, "etc/network/interfaces.d", /./)],
    isAbout: isNoComment,
  },
  { paths: (tree) => pathsIn(tree, "etc/netplan", /\.ya?ml$/), isAbout: isNoComment },
  {
    paths: (tree) => [
      ...pathsIn(tree, "etc/systemd/network", /\.(?:network|netdev|link)$/).filter(
        (path) => !path.includes("/10-rehome-"),
      ),
      ...tree
        .list(at("etc/systemd/network"))
        .filter((name) => name.endsWith(".d"))
        .flatMap((name) => pathsIn(tree, `etc/systemd/network/${name}`, /\.conf$/)),
    ],
    isAbout: isNoComment,
  },
  {
    paths: (tree) => pathsIn(tree, "etc/NetworkManager/system-connections", /^[^.]/),
    isAbout: (line) => networkManagerKey.test(line),
  },
  {
    paths: (tree) =>
      ["etc/sysconfig/network-scripts", "etc/sysconfig/network"].flatMap((folder) => pathsIn(tree, folder, ifcfgName)),
    isAbout: (line) => isNoComment(line) && (ifcfgKey.test(line) || !/^\s*\w+=/.test(line)),
  },
  {
    paths: () => [at("etc/dhcpcd.conf")],
    isAbout: (line) => /^\s*(?:interface|denyinterfaces|allowinterfaces)\s/.test(line),
  },
];

/** Files that bear the name of an interface: folder, prefix, name. */
export const perInterfaceFiles: RegExp =
  /^(etc\/sysconfig\/network(?:-scripts)?\/)((?:ifcfg|route6?|rule6?|keys|ifroute)-)([A-Za-z0-9._-]+)$/;

/** Files that may name an interface for another reason; only a person can say. */
export function otherFiles(tree: TreeView): readonly TreePath[] {
  return [
    ...[
      "etc/nftables.conf",
      "etc/iptables/rules.v4",
      "etc/iptables/rules.v6",
      "etc/sysconfig/iptables",
      "etc/dnsmasq.conf",
    ].map(at),
    ...["etc/sysctl.conf", "etc/default/isc-dhcp-server", "etc/keepalived/keepalived.conf"].map(at),
    ...pathsIn(tree, "etc/sysctl.d", /\.conf$/),
    ...pathsIn(tree, "etc/firewalld/zones", /\.xml$/),
    ...pathsIn(tree, "etc/dnsmasq.d", /./),
  ];
}
