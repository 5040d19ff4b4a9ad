import { bindSource, overlaySources } from "./path-list.ts";
import { systemdVersionOf } from "./known-keys.ts";
import { parseBoolean, type Setting } from "./unit-file.ts";

/** A setting that a machine from elsewhere may have only if an operator says so. */
export interface UnsafeSetting {
  readonly setting: Setting;
  /** What it would give the machine, one clause. */
  readonly because: string;
}

/** Keys of `.nspawn` files that confine a machine or concern only what is inside it, whatever their value. */
const harmless = new Set(
  [
    "Exec.Boot Exec.Ephemeral Exec.ProcessTwo Exec.Environment Exec.User Exec.WorkingDirectory Exec.PivotRoot",
    "Exec.DropCapability Exec.NoNewPrivileges Exec.KillSignal Exec.Personality Exec.MachineID Exec.NotifyReady",
    "Exec.CPUAffinity Exec.Hostname Exec.ResolvConf Exec.Timezone Exec.SuppressSync",
    "Exec.LimitCPU Exec.LimitFSIZE Exec.LimitDATA Exec.LimitSTACK Exec.LimitCORE Exec.LimitRSS Exec.LimitNOFILE",
    "Exec.LimitAS Exec.LimitNPROC Exec.LimitMEMLOCK Exec.LimitLOCKS Exec.LimitSIGPENDING Exec.LimitMSGQUEUE",
    "Exec.LimitNICE Exec.LimitRTPRIO Exec.LimitRTTIME",
    "Files.ReadOnly Files.Volatile Files.TemporaryFileSystem Files.Inaccessible Files.PrivateUsersOwnership",
    "Files.PrivateUsersChown",
    "Network.VirtualEthernetExtra Network.MACVLAN Network.IPVLAN Network.Bridge Network.Zone Network.Port",
  ].flatMap((line) => line.split(" ")),
);

/** Keys whose value decides; the answer is what is unsafe about it. */
const judges: Readonly<Record<string, (value: string) => string | undefined>> = {
  "Exec.PrivateUsers": judgePrivateUsers,
  "Exec.LinkJournal": (value) => (value.endsWith("host") ? "its journal would be written on the host" : undefined),
  "Exec.OOMScoreAdjust": (value) =>
    value.startsWith("-") ? "other programs would be ended before it when memory runs out" : undefined,
  "Files.Bind": judgeBind,
  "Files.BindReadOnly": judgeBind,
  "Files.Overlay": judgeOverlay,
  "Files.OverlayReadOnly": judgeOverlay,
  "Network.Private": (value) => (parseBoolean(value) === true ? undefined : "it would share the host's network"),
  "Network.VirtualEthernet": (value) =>
    parseBoolean(value) === true ? undefined : "it might share the host's network",
};

/** Keys that always give a machine more than it has of itself. */
const privileged: Readonly<Record<string, string>> = {
  "Exec.Capability": "it would have further capabilities",
  "Exec.AmbientCapability": "its programs would have further capabilities",
  "Exec.SystemCallFilter": "its system calls would be filtered otherwise",
  "Exec.Parameters": "it would start another program, or its init with further arguments",
  "Files.BindUser": "it would have a user of the host, with home directory",
  "Network.Interface": "it would take a network device from the host",
};

/** What drop-ins of `systemd-nspawn@NAME.service` may hold: limits of resources, and how it is ordered and restarted. */
const harmlessUnitKey =
  /^(?:Service\.(?:(?:Startup)?(?:CPU|Memory|IO)[A-Z][A-Za-z]*|Allowed(?:CPUs|MemoryNodes)|TasksMax|Tasks?Accounting|Limit[A-Z]+|Nice|OOMPolicy|Restart(?:Sec)?|Timeout(?:Start|Stop)?Sec|WatchdogSec|IPAccounting|CPUSchedulingPolicy)|Unit\.(?:Description|Documentation|After|Before|StartLimitIntervalSec|StartLimitBurst)|Install\.WantedBy)$/;

/** The settings of a `.nspawn` file that are unsafe and that no word of `allowed` permits. */
export function findUnsafeSettings(settings: readonly Setting[], allowed: readonly string[]): UnsafeSetting[] {
  return unsafe(settings, allowed, (name, value) => {
    if (harmless.has(name)) return undefined;
    const judge = judges[name];
    if (judge !== undefined) return judge(value);
    const [section = "", key = ""] = name.split(".");
    return privileged[name] ?? (systemdVersionOf(section, key) === undefined ? "it is not known" : "it is privileged");
  });
}

/** The settings of drop-ins that are more than limits and that no word of `allowed` permits. */
export function findUnsafeUnitSettings(settings: readonly Setting[], allowed: readonly string[]): UnsafeSetting[] {
  return unsafe(settings, allowed, (name) =>
    harmlessUnitKey.test(name) ? undefined : "the host would do it, or give it to the machine",
  );
}

/** `KEY` permits a key whatever its value, `KEY=VALUE` one value. */
function unsafe(
  settings: readonly Setting[],
  allowed: readonly string[],
  judge: (name: string, value: string) => string | undefined,
): UnsafeSetting[] {
  const permits = new Set(allowed);
  return settings.flatMap((setting) => {
    const { section, key, value } = setting;
    if (permits.has(key) || permits.has(`${key}=${value}`)) return [];
    const because = judge(`${section}.${key}`, value);
    return because === undefined ? [] : [{ setting, because }];
  });
}

/** Below lie the users of the host itself. */
const firstMachineUid = 65_536;

function judgePrivateUsers(value: string): string | undefined {
  if (value === "pick" || parseBoolean(value) === true) return undefined;
  if (parseBoolean(value) === false || value === "identity") return "its root would be root of the host";
  const [, start] = /^(\d+)(?::\d+)?$/.exec(value) ?? [];
  return Number(start ?? 0) < firstMachineUid ? "its users would be users of the host" : undefined;
}

function judgeBind(value: string): string | undefined {
  return bindSource(value).kind === "host" ? "it would see files of the host" : undefined;
}

function judgeOverlay(value: string): string | undefined {
  return overlaySources(value).some(({ kind }) => kind === "host") ? "it would see files of the host" : undefined;
}
