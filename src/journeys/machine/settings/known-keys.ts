/** The first systemd that knows a key of a `.nspawn` file, as systemd.nspawn(5) says. */
const sinceVersion: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  Exec: {
    226: "Boot Parameters Environment User Capability DropCapability Personality MachineID",
    229: "ProcessTwo WorkingDirectory",
    230: "KillSignal PrivateUsers",
    231: "NotifyReady",
    233: "PivotRoot",
    235: "SystemCallFilter",
    239: [
      "NoNewPrivileges OOMScoreAdjust CPUAffinity Hostname ResolvConf Timezone LinkJournal",
      "LimitCPU LimitFSIZE LimitDATA LimitSTACK LimitCORE LimitRSS LimitNOFILE LimitAS LimitNPROC LimitMEMLOCK",
      "LimitLOCKS LimitSIGPENDING LimitMSGQUEUE LimitNICE LimitRTPRIO LimitRTTIME",
    ].join(" "),
    240: "Ephemeral",
    248: "AmbientCapability",
    250: "SuppressSync",
  },
  Files: {
    226: "ReadOnly Volatile Bind BindReadOnly TemporaryFileSystem",
    230: "PrivateUsersChown",
    233: "Overlay OverlayReadOnly",
    242: "Inaccessible",
    249: "BindUser PrivateUsersOwnership",
  },
  Network: {
    226: "Private VirtualEthernet Interface MACVLAN IPVLAN Bridge Port",
    228: "VirtualEthernetExtra",
    230: "Zone",
  },
};

const versions: ReadonlyMap<string, number> = new Map(
  Object.entries(sinceVersion).flatMap(([section, byVersion]) =>
    Object.entries(byVersion).flatMap(([version, keys]) =>
      keys.split(" ").map((key): [string, number] => [`${section}.${key}`, Number(version)]),
    ),
  ),
);

/** The first systemd that knows `key` in `section` of a `.nspawn` file; undefined for a key that none is known to know. */
export function systemdVersionOf(section: string, key: string): number | undefined {
  return versions.get(`${section}.${key}`);
}
