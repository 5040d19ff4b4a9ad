import type { ToolCommand } from "../commands/tool-command.ts";
import type { PlannedArray, PlannedGroup } from "../plan/disk-plan.ts";

/**
 * Makes an array of `members`. It belongs to no host by name, so that every one starts it. `isBlank`: the members hold nothing but
 * zeros, so they are in step already.
 */
export function createArray(
  array: PlannedArray,
  device: string,
  members: readonly string[],
  isBlank: boolean,
): ToolCommand {
  const { name, level, uuid } = array;
  return {
    command: "mdadm",
    args: [
      "--create",
      device,
      "--run",
      "--quiet",
      `--level=${level}`,
      `--raid-devices=${members.length}`,
      "--metadata=1.2",
      "--data-offset=1M",
      "--homehost=any",
      `--name=${name}`,
      `--uuid=${uuid.replaceAll("-", "")}`,
      ...(level === "raid0" ? [] : ["--bitmap=internal"]),
      ...(isBlank && level !== "raid0" ? ["--assume-clean"] : []),
      ...members,
    ],
  };
}

/** Puts an array together that was made before. */
export function assembleArray(device: string, members: readonly string[]): ToolCommand {
  return { command: "mdadm", args: ["--assemble", "--run", "--quiet", "--config=none", device, ...members] };
}

/** Stops an array. */
export function stopArray(device: string): ToolCommand {
  return { command: "mdadm", args: ["--stop", "--quiet", device] };
}

/**
 * Makes a LUKS. The passphrase is asked for where the system starts: deriving the key takes memory that a small machine has, too.
 * Passphrases go by standard input, where a line ends them.
 */
export function formatLuks(uuid: string, device: string, passphrase: string): ToolCommand {
  const kind = ["--batch-mode", "--type", "luks2", "--uuid", uuid, "--pbkdf", "argon2id", "--pbkdf-memory", "131072"];
  return { command: "cryptsetup", args: ["luksFormat", ...kind, device], input: `${passphrase}\n` };
}

/** Makes what is in a LUKS `/dev/mapper/NAME`. */
export function openLuks(name: string, device: string, passphrase: string): ToolCommand {
  return { command: "cryptsetup", args: ["open", "--type", "luks2", device, name], input: `${passphrase}\n` };
}

/** Takes a device of the device mapper down. */
export function removeMapped(name: string): ToolCommand {
  return { command: "dmsetup", args: ["remove", "--retry", name] };
}

/** Makes a group on `members`, and its volumes, which are not started. */
export function createGroup({ name, volumes }: PlannedGroup, members: readonly string[]): ToolCommand[] {
  return [
    lvm("pvcreate", ["--force", "--force", "--yes", "--dataalignment", "1m"], members, members),
    lvm("vgcreate", ["--physicalextentsize", "1m"], [name, ...members], members),
    ...volumes.map((volume) =>
      lvm(
        "lvcreate",
        ["--yes", "--wipesignatures", "n", "--zero", "n", "--activate", "n", "--size", `${volume.sizeBytes}b`],
        ["--name", volume.name, name],
        members,
      ),
    ),
  ];
}

/** Makes the volumes of a group `/dev/mapper/GROUP-VOLUME`. */
export function startGroup(name: string, members: readonly string[]): ToolCommand {
  return lvm("vgchange", ["--activate", "y"], [name], members);
}

/** What `/dev/mapper` calls a volume. */
export function mappedVolume(group: string, volume: string): string {
  return [group, volume].map((name) => name.replaceAll("-", "--")).join("-");
}

/** LVM that sees `members` and nothing else of this host, whose groups may have the same names, and keeps no record here. */
function lvm(
  command: string,
  options: readonly string[],
  operands: readonly string[],
  members: readonly string[],
): ToolCommand {
  const accepted = members.map((member) => `"a|^${member}$|"`).join(",");
  const config = `devices{use_devicesfile=0 global_filter=[${accepted},"r|.*|"]} backup{backup=0 archive=0}`;
  return { command: "lvm", args: [command, "--quiet", "--config", config, ...options, ...operands] };
}
