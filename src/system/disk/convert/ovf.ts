import type { Firmware } from "../plan/layout-check.ts";

/** A virtual machine as an OVF package describes it. */
export interface VirtualMachine {
  readonly name: string;
  readonly processorCount: number;
  readonly memoryBytes: number;
  readonly firmware: Firmware;
  readonly disks: readonly {
    /** Name of the file in the package. */
    readonly file: string;
    readonly fileBytes: number;
    readonly capacityBytes: number;
  }[];
}

/** Numbers of resource types from DMTF's CIM_ResourceAllocationSettingData. */
const resource = { processor: 3, memory: 4, scsiController: 6, ethernet: 10, disk: 17 } as const;

/** The descriptor of an OVF 1.1 package (DMTF DSP0243), for VMware and VirtualBox alike. */
export function formatOvf(machine: VirtualMachine): string {
  const name = escapeXml(machine.name);
  const memoryMib = Math.ceil(machine.memoryBytes / 2 ** 20);
  const items = [
    item(1, `${machine.processorCount} virtual CPUs`, resource.processor, [
      ["AllocationUnits", "hertz * 10^6"],
      ["VirtualQuantity", machine.processorCount],
    ]),
    item(2, `${memoryMib} MiB of memory`, resource.memory, [
      ["AllocationUnits", "byte * 2^20"],
      ["VirtualQuantity", memoryMib],
    ]),
    item(3, "SCSI controller 0", resource.scsiController, [
      ["Address", 0],
      ["ResourceSubType", "lsilogic"],
    ]),
    ...machine.disks.map((_, index) =>
      item(4 + index, `Disk ${index + 1}`, resource.disk, [
        ["AddressOnParent", index],
        ["HostResource", `ovf:/disk/disk${index + 1}`],
        ["Parent", 3],
      ]),
    ),
    item(100, "Network adapter 1", resource.ethernet, [
      ["AutomaticAllocation", "true"],
      ["Connection", "network"],
      ["ResourceSubType", "E1000"],
    ]),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="${ovf}" xmlns:ovf="${ovf}" xmlns:rasd="${cim}/CIM_ResourceAllocationSettingData" xmlns:vssd="${cim}/CIM_VirtualSystemSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf">
  <References>
${machine.disks.map((disk, index) => `    <File ovf:href="${escapeXml(disk.file)}" ovf:id="file${index + 1}" ovf:size="${disk.fileBytes}"/>`).join("\n")}
  </References>
  <DiskSection>
    <Info>Virtual disks</Info>
${machine.disks.map((disk, index) => `    <Disk ovf:capacity="${disk.capacityBytes}" ovf:capacityAllocationUnits="byte" ovf:diskId="disk${index + 1}" ovf:fileRef="file${index + 1}" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>`).join("\n")}
  </DiskSection>
  <NetworkSection>
    <Info>Networks</Info>
    <Network ovf:name="network">
      <Description>The network of the first adapter</Description>
    </Network>
  </NetworkSection>
  <VirtualSystem ovf:id="${name}">
    <Info>A virtual machine</Info>
    <Name>${name}</Name>
    <OperatingSystemSection ovf:id="101" vmw:osType="otherLinux64Guest">
      <Info>Linux, 64 bit</Info>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware</Info>
      <System>
        <vssd:ElementName>Virtual hardware family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>${name}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>
      </System>
${items.join("\n")}
${machine.firmware === "uefi" ? '      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>\n' : ""}    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;
}

const ovf = "http://schemas.dmtf.org/ovf/envelope/1";
const cim = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2";

/** The schema wants the elements of an item in the order of their names. */
function item(id: number, name: string, type: number, fields: readonly (readonly [string, string | number])[]): string {
  const all = [["ElementName", name], ["InstanceID", id], ["ResourceType", type], ...fields] as const;
  const lines = all
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([element, value]) => `        <rasd:${element}>${escapeXml(String(value))}</rasd:${element}>`);
  return ["      <Item>", ...lines, "      </Item>"].join("\n");
}

/** Text of an element or attribute; what XML cannot hold is left out. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
