import type { Complaint } from "./host-check.ts";
import type { MachineNeeds, TargetFacts, UidSpan } from "./target-facts.ts";

/** What the machine's settings name on this host: devices, paths, users; and room for its files. */
export function checkPlace(needs: MachineNeeds, facts: TargetFacts): Complaint[] {
  return [
    ...checkDevices(needs, facts),
    ...checkBindSources(needs, facts),
    ...checkUidRange(needs, facts),
    ...checkSpace(needs, facts),
  ];
}

function checkDevices({ networkDevices: needed }: MachineNeeds, { networkDevices: here }: TargetFacts): Complaint[] {
  return needed
    .filter(({ what }) => !here.has(what))
    .map(({ what, setting }) => ({
      check: "network-device",
      message: `${setting} needs the network device ${what}, which is not here`,
      mend: setting.startsWith("Bridge=")
        ? `ip link add ${what} type bridge, or name another in its .nspawn file (machine create --set)`
        : `name another in its .nspawn file (machine create --set)`,
    }));
}

function checkBindSources({ bindSources: needed }: MachineNeeds, { presentPaths }: TargetFacts): Complaint[] {
  return needed
    .filter(({ what }) => !presentPaths.has(what))
    .map(({ what, setting }) => ({
      check: "bind-source",
      message: `${setting} needs ${what}, which is not here`,
      mend: `make or mount ${what} here`,
    }));
}

function checkUidRange({ uidRange: wanted }: MachineNeeds, { machines, reservedUids }: TargetFacts): Complaint[] {
  if (wanted === undefined) return [];
  const taken = [
    ...reservedUids.map(({ owner, ...span }) => ({ span, owner })),
    ...machines.flatMap(({ name, uidRange }) =>
      uidRange === undefined ? [] : [{ span: uidRange, owner: `machine ${name}` }],
    ),
  ];
  return taken
    .filter(({ span }) => overlap(span, wanted))
    .map(({ span, owner }) => ({
      check: "uid-range",
      message: `user ids ${describeSpan(wanted)} are the machine's, and ${describeSpan(span)} are taken by ${owner}`,
      mend: "set PrivateUsers=pick, and a free range is chosen when it starts",
    }));
}

function checkSpace({ bytes }: MachineNeeds, { freeBytes }: TargetFacts): Complaint[] {
  if (bytes <= freeBytes) return [];
  return [
    {
      check: "disk-space",
      message: `the machine has ${bytes} bytes, ${freeBytes} are free here`,
      mend: `free ${bytes - freeBytes} bytes, or choose another directory`,
    },
  ];
}

function overlap(one: UidSpan, other: UidSpan): boolean {
  return one.start < other.start + other.count && other.start < one.start + one.count;
}

function describeSpan({ start, count }: UidSpan): string {
  return `${start} to ${start + count - 1}`;
}
