import type { LineChange, RewrittenTable } from "./rewrite-fstab.ts";
import { deviceOf, parseTableLines } from "./table-lines.ts";

/** A LUKS, or an array of software RAID, that the system has from now on. */
export interface NewMapping {
  readonly name: string;
  readonly uuid: string;
}

/**
 * Makes a crypttab(5) name what is encrypted now, each opened by a passphrase in the initramfs: whatever lies on it may be needed to
 * start. Lines about disks of before become comments, as a start would wait for them. Every other line stays byte for byte.
 *
 * `text` and what comes back hold one character for each byte.
 */
export function rewriteCrypttab(text: string, encrypted: readonly NewMapping[]): RewrittenTable {
  const wanted = encrypted.map(({ name, uuid }) => `${name} UUID=${uuid} none luks,initramfs`);
  const old = parseTableLines(text)
    .filter(({ source, mountPoint }) => {
      const isReplaced = encrypted.some(({ name }) => name === source);
      return isReplaced || deviceOf({ source: mountPoint, type: "", options: [] }) !== undefined;
    })
    .map(({ index }) => index);
  return replaceLines(text, old, wanted);
}

/** Makes an mdadm.conf(5) name the arrays there are now; those of before become comments. */
export function rewriteArrays(text: string, arrays: readonly NewMapping[]): RewrittenTable {
  const wanted = arrays.map(({ name, uuid }) => {
    const words = uuid.replaceAll("-", "").match(/.{8}/g) ?? [];
    return `ARRAY /dev/md/${name} metadata=1.2 UUID=${words.join(":")}`;
  });
  let isArray = false;
  const old = text.split("\n").flatMap((line, index) => {
    // A line that begins with a space goes on with the one before.
    if (/^\s*(?:#|$)/.test(line)) return [];
    isArray = /^\s/.test(line) ? isArray : /^ARRAY\b/i.test(line);
    return isArray ? [index] : [];
  });
  return replaceLines(text, old, wanted);
}

/** Turns the lines at `old` into comments and adds what is `wanted`; a wanted line that is there stays. */
function replaceLines(text: string, old: readonly number[], wanted: readonly string[]): RewrittenTable {
  const lines = text.split("\n");
  const changes: LineChange[] = [];
  const kept = new Set<string>();
  for (const index of old) {
    const before = lines[index] ?? "";
    if (wanted.includes(before) && !kept.has(before)) {
      kept.add(before);
      continue;
    }
    const after = `# rehome: not on this disk: ${before}`;
    lines[index] = after;
    changes.push({ line: index + 1, before, after });
  }
  const added = wanted.filter((line) => !kept.has(line));
  if (added.length === 0) return { text: lines.join("\n"), changes };
  if (lines.at(-1) === "") lines.pop();
  for (const after of added) changes.push({ line: lines.push(after), after });
  return { text: `${lines.join("\n")}\n`, changes };
}
