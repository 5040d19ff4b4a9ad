import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { run } from "../../../test/support/run.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { armCrashPoints } from "../../core/crash-points.ts";
import { UsageError } from "../../core/errors.ts";
import { convertDisk, undoConversion, type Conversion } from "../../system/disk/convert/convert-disk.ts";
import { diskFormatOf, type DiskFormat, type Hypervisor } from "../../system/disk/convert/disk-format.ts";
import type { ToolCommand } from "../../system/disk/commands/tool-command.ts";
import { formatOvf } from "../../system/disk/convert/ovf.ts";
import { DiskImageUnsuitableError } from "../../system/disk/convert/image-facts.ts";
import { diskPorts } from "./disk-ports.ts";

const mib = 2 ** 20;
const machine = { name: 'Web & <"1">', processorCount: 2, memoryBytes: 1024 * mib, firmware: "uefi" } as const;

/** A raw disk of 20 MiB with something at its start and near its end. */
function rawDisk(context: TestContext): string {
  const path = join(temporaryDirectory(context), "disk.raw");
  writeFileSync(path, Buffer.from("start".repeat(100_000)));
  truncateSync(path, 20 * mib);
  diskPorts.files.writeAt(path, 19 * mib, Buffer.from("end".repeat(1000)));
  return path;
}

function conversionTo(from: string, name: string, hypervisor?: Hypervisor): Conversion {
  const to = join(from, "..", name);
  const formats = { fromFormat: diskFormatOf(from), toFormat: diskFormatOf(to) };
  return { from, to, ...formats, machine, ...(hypervisor && { hypervisor }) };
}

interface Info {
  readonly "virtual-size": number;
  readonly "format-specific"?: { readonly data?: Readonly<Record<string, unknown>> };
}

function infoOf(path: string, format: DiskFormat): Info {
  return JSON.parse(run("qemu-img", "info", "--output=json", "-f", format, path)) as Info;
}

test("convertDisk() writes images that hold the same disk and pass their checks", async (context) => {
  const raw = rawDisk(context);
  for (const [name, hypervisor, createType] of [
    ["a.qcow2", "kvm", undefined],
    ["b.vdi", "virtualbox", undefined],
    ["c.vhdx", undefined, undefined],
    ["d.vmdk", "virtualbox", "monolithicSparse"],
    ["e.vmdk", "esxi", "streamOptimized"],
    ["f.vmdk", "aws", "streamOptimized"],
    ["g.img", undefined, undefined],
  ] as const) {
    const conversion = conversionTo(raw, name, hypervisor);
    await convertDisk(conversion, diskPorts);
    run("qemu-img", "compare", "-f", "raw", "-F", conversion.toFormat, raw, conversion.to);
    if (["qcow2", "vdi", "vhdx"].includes(conversion.toFormat))
      run("qemu-img", "check", "-f", conversion.toFormat, conversion.to);
    assert.equal(infoOf(conversion.to, conversion.toFormat)["format-specific"]?.data?.["create-type"], createType);
    const back = conversionTo(conversion.to, "back.raw");
    await convertDisk(back, diskPorts);
    run("cmp", raw, back.to);
  }
  assert.deepEqual(
    readdirSync(join(raw, "..")).filter((name) => name.endsWith(".part")),
    [],
  );
});

test("convertDisk() gives every VDI a UUID of its own", async (context) => {
  const raw = rawDisk(context);
  const uuidOf = async (name: string): Promise<string> => {
    const conversion = conversionTo(raw, name);
    await convertDisk(conversion, diskPorts);
    // VDI header, uuidCreate
    return readFileSync(conversion.to).toString("hex", 0x188, 0x198);
  };
  assert.notEqual(await uuidOf("one.vdi"), await uuidOf("two.vdi"));
});

test("convertDisk() packs an OVA: descriptor first, digests of all, the disk whole", async (context) => {
  const raw = rawDisk(context);
  const conversion = conversionTo(raw, "web.ova");
  await convertDisk(conversion, diskPorts);
  const names = run("tar", "-tf", conversion.to).trim().split("\n");
  assert.deepEqual(names, ["Web-1-.ovf", "Web-1-.mf", "Web-1--disk1.vmdk"]);
  const into = temporaryDirectory(context);
  run("tar", "-xf", conversion.to, "-C", into);
  const [ovf = "", list = "", vmdk = ""] = names.map((name) => join(into, name));
  run("qemu-img", "compare", "-f", "raw", "-F", "vmdk", raw, vmdk);
  const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
  assert.equal(
    readFileSync(list, "utf8"),
    `SHA256(${names[0] ?? ""})= ${digest(ovf)}\nSHA256(${names[2] ?? ""})= ${digest(vmdk)}\n`,
  );
  run("xmllint", "--noout", ovf);
  const at = (path: string): string => {
    const step = path.replaceAll(/([\w*@]+)(?=\/|$|\[)/g, (name) =>
      name.startsWith("@") ? `@*[local-name()="${name.slice(1)}"]` : `*[local-name()="${name}"]`,
    );
    return run("xmllint", "--xpath", `string(${step})`, ovf).trim();
  };
  assert.equal(at("/Envelope/References/File/@href"), names[2]);
  assert.equal(at("/Envelope/References/File/@size"), String(readFileSync(vmdk).length));
  assert.equal(at("/Envelope/DiskSection/Disk/@capacity"), String(20 * mib));
  assert.equal(at("/Envelope/DiskSection/Disk/@fileRef"), at("/Envelope/References/File/@id"));
  assert.equal(at("/Envelope/VirtualSystem/Name"), machine.name);
  assert.equal(at("//Config/@value"), "efi");
  assert.match(readFileSync(ovf, "utf8"), /<rasd:HostResource>ovf:\/disk\/disk1<\/rasd:HostResource>/);
  const again = conversionTo(raw, "again.ova");
  await convertDisk(again, diskPorts);
  assert.deepEqual(run("tar", "-tf", again.to).split("\n")[0], names[0]);
});

test("convertDisk() packs an OVA that virt-v2v reads as the machine that it describes", async (context) => {
  for (const firmware of ["bios", "uefi"] as const) {
    const conversion = { ...conversionTo(rawDisk(context), "web.ova"), machine: { ...machine, firmware } };
    await convertDisk(conversion, diskPorts);
    const seen = run("virt-v2v", "-i", "ova", conversion.to, "--print-source");
    for (const line of [
      `source name: ${machine.name}`,
      `memory: ${machine.memoryBytes} (bytes)`,
      `nr vCPUs: ${machine.processorCount}`,
      `firmware: ${firmware}`,
      "0 [scsi]",
      'Bridge "network" [e1000]',
    ])
      assert.ok(seen.includes(line), `${line} in ${seen}`);
  }
});

test("convertDisk() packs an OVA as ustar, and one whose disk is too large for that as GNU tar", async () => {
  for (const [sizeBytes, format] of [
    [2 ** 33 - 1, "ustar"],
    [2 ** 33, "gnu"],
  ] as const) {
    const ran: ToolCommand[] = [];
    const writeOutEarly = () => new AsyncDisposableStack();
    const files = { ...diskPorts.files, sizeOf: () => sizeBytes, writeOutEarly };
    for (const name of ["write", "remove", "makeDirectory", "sync", "rename"] as const) files[name] = () => undefined;
    const info = JSON.stringify({ format: "raw", "virtual-size": 2 ** 40 });
    const ports = { files, run: (command: ToolCommand) => Promise.resolve((ran.push(command), info)) };
    await convertDisk(conversionTo("/a.raw", "a.ova"), ports);
    const args = ran.find(({ command }) => command === "tar")?.args ?? [];
    assert.ok(args.includes(`--format=${format}`), args.join(" "));
  }
});

test("a file of 8 GiB goes into a tar of the format that is chosen for it", (context) => {
  const directory = temporaryDirectory(context);
  writeFileSync(join(directory, "disk"), "");
  truncateSync(join(directory, "disk"), 2 ** 33);
  const headerOf = (format: string): Buffer =>
    spawnSync("sh", ["-c", `tar --create --format=${format} --file=- --directory="$0" disk | head -c 512`, directory])
      .stdout;
  const refused = spawnSync("tar", ["--create", "--format=ustar", "--file=-", `--directory=${directory}`, "disk"], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  assert.match(refused.stderr, /value 8589934592 out of/);
  // A set highest bit says that the size is binary.
  assert.equal(headerOf("gnu").readUInt8(124), 0x80);
  assert.equal(headerOf("gnu").readBigUInt64BE(128), 2n ** 33n);
});

const schema = process.env["REHOME_OVF_SCHEMA"];

test(
  "the descriptor of an OVA holds to DMTF's schema",
  { skip: schema === undefined && "REHOME_OVF_SCHEMA names no dsp8023_1.1.1.xsd" },
  (context) => {
    for (const firmware of ["bios", "uefi"] as const) {
      const path = join(temporaryDirectory(context), "web.ovf");
      const disks = [{ file: "web-disk1.vmdk", fileBytes: 12_345, capacityBytes: 20 * mib }];
      writeFileSync(path, formatOvf({ ...machine, name: `<${machine.name}> & "more"`, firmware, disks }));
      run("xmllint", "--nonet", "--noout", "--schema", schema ?? "", path);
    }
  },
);

test("convertDisk() refuses images that take content from other files", async (context) => {
  const raw = rawDisk(context);
  const folder = join(raw, "..");
  writeFileSync(join(folder, "secret"), Buffer.alloc(mib, "s"));
  const backed = join(folder, "backed.qcow2");
  run("qemu-img", "create", "-q", "-f", "qcow2", "-b", join(folder, "secret"), "-F", "raw", backed);
  const outside = join(folder, "outside.qcow2");
  run("qemu-img", "create", "-q", "-f", "qcow2", "-o", `data_file=${join(folder, "data")}`, outside, "1M");
  const flat = join(folder, "flat.vmdk");
  run("qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", flat, "1M");
  for (const path of [backed, outside, flat])
    await assert.rejects(convertDisk(conversionTo(path, "out.raw"), diskPorts), DiskImageUnsuitableError);
  assert.ok(!existsSync(join(folder, "out.raw")));
  // A raw disk that looks like such an image is a raw disk.
  const posing = join(folder, "posing.raw");
  writeFileSync(posing, readFileSync(backed));
  await convertDisk(conversionTo(posing, "posing.qcow2"), diskPorts);
  run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", posing, join(folder, "posing.qcow2"));
});

test("convertDisk() leaves what was there until it is done, and nothing after undoConversion()", async (context) => {
  const raw = rawDisk(context);
  context.after(() => armCrashPoints(undefined));
  for (const name of ["out.qcow2", "out.ova"]) {
    const conversion = conversionTo(raw, name);
    writeFileSync(conversion.to, "before");
    const first = name === "out.ova" ? "disk.ova-packed" : "disk.converted";
    armCrashPoints((point) => {
      if (point === first) throw new RangeError("crash");
    });
    await assert.rejects(convertDisk(conversion, diskPorts), RangeError);
    assert.equal(readFileSync(conversion.to, "utf8"), "before");
    armCrashPoints(undefined);
    await convertDisk(conversion, diskPorts);
    undoConversion(conversion, diskPorts);
    undoConversion(conversion, diskPorts);
  }
  assert.deepEqual(readdirSync(join(raw, "..")), ["disk.raw"]);
});

test("diskFormatOf() goes by the name alone", () => {
  assert.equal(diskFormatOf("/a/b.QCOW2"), "qcow2");
  for (const path of ["/a/b", "/a.raw/b", "/a/b.toString", "/a/b.iso"])
    assert.throws(() => diskFormatOf(path), UsageError);
});
