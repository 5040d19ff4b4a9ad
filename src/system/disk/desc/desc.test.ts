import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { arbitraryLayout } from "../../../../test/support/arbitrary-layout.ts";
import { holds } from "../../../../test/support/properties.ts";
import { LayoutInvalidError, LayoutRefusedError } from "../layout/errors.ts";
import type { Layout } from "../layout/layout.ts";
import { applyDesc } from "./apply-desc.ts";
import { readDesc } from "./read-desc.ts";
import { writeDesc } from "./write-desc.ts";

const mib = 2 ** 20;

/** The example of the manual page ka-d(1). */
const manual = `# hda1 = linux root
linux 5000
# hda2 = swap
swap 300
# hda3 = extended
extended fill
# hda5 and 6 = linux
logical linux 500
logical linux fill
`;

const bytes = (sizeMib: number): { kind: "bytes"; sizeBytes: number } => ({ kind: "bytes", sizeBytes: sizeMib * mib });

test("readDesc() reads the example of the manual", () => {
  assert.deepEqual(readDesc(manual, "desc", "hda"), {
    name: "hda",
    table: "mbr",
    partitions: [
      { type: "linux", size: bytes(5000) },
      { type: "swap", size: bytes(300) },
      { type: "extended", size: { kind: "fill" } },
      { type: "linux", size: bytes(500), isLogical: true },
      { type: "linux", size: { kind: "fill" }, isLogical: true },
    ],
  });
});

test("readDesc() takes numbers for types, and blanks around words", () => {
  assert.deepEqual(
    readDesc("  type83\t100 \n\n\t# note\ntype82 1\ntype7 20\r\ntypeEF 1", "desc", "sda").partitions.map(
      ({ type }) => type,
    ),
    ["linux", "swap", "0x07", "esp"],
  );
});

test("readDesc() names the line that is wrong", () => {
  const wrong: readonly (readonly [string, number | undefined])[] = [
    ["", undefined],
    ["# only a comment\n", undefined],
    ["linux 3500\nlinux", 2],
    ["linux 1 2", 1],
    ["# a\n\nprimary linux 5", 3],
    ["logical linux 500", 1],
    ["extended fill\nextended 5", 2],
    ["extended fill\nlogical extended 5", 2],
    ["extended fill\nlogical linux 5 6", 2],
    ["linux 1\nlinux 1\nlinux 1\nextended 9\nlogical linux 1\nlinux 1", 6],
    ["linux 0", 1],
    ["linux -5", 1],
    ["linux 3.5", 1],
    ["linux 1000000000000", 1],
    ["linux Fill", 1],
    ["Linux 5", 1],
    ["type 5", 1],
    ["type100 5", 1],
    ["type0 5", 1],
    ["typexy 5", 1],
    ["ext4 500", 1],
  ];
  for (const [text, line] of wrong)
    assert.throws(
      () => readDesc(text, "desc", "sda"),
      (error: unknown) => error instanceof LayoutInvalidError && error.line === line,
      text,
    );
});

const typeWord = fc.oneof(
  fc.constantFrom("linux", "swap"),
  fc
    .integer({ min: 1, max: 255 })
    .filter((code) => ![0x05, 0x0f, 0x82, 0x83].includes(code))
    .map((code) => `type${code.toString(16).padStart(2, "0")}`),
);
const sizeWord = fc.oneof(fc.constant("fill"), fc.integer({ min: 1, max: 999_999_999 }).map(String));
const plain = fc.tuple(typeWord, sizeWord).map((words) => words.join(" "));
const descLines = fc
  .tuple(
    fc.array(plain, { minLength: 1, maxLength: 3 }),
    fc.option(fc.tuple(sizeWord, fc.array(plain, { maxLength: 6 }))),
  )
  .map(([primary, extended]) => [
    ...primary,
    ...(extended ? [`extended ${extended[0]}`, ...extended[1].map((line) => `logical ${line}`)] : []),
  ]);

test("writeDesc() gives back what readDesc() read", async (context) => {
  await holds(
    context,
    fc.property(descLines, (lines) => {
      const text = lines.map((line) => `${line}\n`).join("");
      assert.equal(writeDesc(readDesc(text, "desc", "sda")), text);
    }),
  );
});

test("writeDesc() keeps types and sizes of any MBR layout, and refuses what a desc cannot say", async (context) => {
  await holds(
    context,
    fc.property(arbitraryLayout, ({ disks }) => {
      for (const disk of disks) {
        const isSayable =
          disk.table === "mbr" && disk.partitions.every(({ size }) => size.kind === "fill" || size.kind === "bytes");
        if (!isSayable) {
          assert.throws(() => writeDesc(disk), LayoutRefusedError);
          continue;
        }
        const shape = disk.partitions.map(({ type, size, isLogical }) => ({
          type,
          size: size.kind === "bytes" ? bytes(Math.ceil(size.sizeBytes / mib)) : size,
          ...(isLogical && { isLogical }),
        }));
        assert.deepEqual(readDesc(writeDesc(disk), "desc", disk.name).partitions, shape);
      }
    }),
  );
});

const captured: Layout = {
  version: 1,
  disks: [
    {
      name: "sda",
      table: "gpt",
      partitions: [
        { type: "bios-boot", size: bytes(1) },
        {
          type: "linux",
          size: bytes(9),
          content: { kind: "file-system", type: "ext4", label: "root", mountPoint: "/" },
        },
        { type: "swap", size: bytes(9), content: { kind: "swap" } },
        { type: "linux", size: bytes(9), content: { kind: "file-system", type: "xfs", mountPoint: "/home" } },
      ],
    },
  ],
};

test("applyDesc() takes sizes from the desc, and the rest from the image in order", () => {
  const text = "linux 3500\nextended fill\nlogical swap 500\nlogical linux fill\n";
  assert.deepEqual(applyDesc([readDesc(text, "desc", "hda")], captured).disks[0], {
    name: "hda",
    table: "mbr",
    partitions: [
      {
        type: "linux",
        size: bytes(3500),
        content: { kind: "file-system", type: "ext4", label: "root", mountPoint: "/" },
      },
      { type: "extended", size: { kind: "fill" } },
      { type: "swap", size: bytes(500), isLogical: true, content: { kind: "swap" } },
      {
        type: "linux",
        size: { kind: "fill" },
        isLogical: true,
        content: { kind: "file-system", type: "xfs", mountPoint: "/home" },
      },
    ],
  });
});

test("applyDesc() refuses other counts and kinds with both lists, and another number of disks", () => {
  for (const text of ["linux fill", "linux 5\nlinux 5\nswap 5"])
    assert.throws(
      () => applyDesc([readDesc(text, "desc", "sda")], captured),
      (error: unknown) =>
        error instanceof LayoutRefusedError &&
        error.message.includes("(ext4 on /, swap, xfs on /home)") &&
        error.message.includes(`(${text.replaceAll(/ \w+/g, "").replaceAll("\n", ", ")})`),
    );
  assert.throws(() => applyDesc([], captured), LayoutRefusedError);
});
