/** One assignment of a file in the syntax of systemd.syntax(7). */
export interface Setting {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** Settings in their order, and lines that are none: systemd passes over such lines, people should know of them. */
export interface UnitFile {
  readonly settings: readonly Setting[];
  readonly faults: readonly { readonly line: number; readonly message: string }[];
}

const maxLength = 256 * 1024;
const maxSettings = 4000;
const maxValueLength = 16 * 1024;
const maxFaults = 100;

/**
 * Reads a `.nspawn` file or a drop-in: sections, repeated keys, comments, continued lines. An empty assignment takes back
 * what the same key was given before, so only settings that are in force are left. Never throws.
 */
export function parseUnitFile(text: string): UnitFile {
  const settings: Setting[] = [];
  const faults: { line: number; message: string }[] = [];
  const fault = (line: number, message: string): void => {
    if (faults.length < maxFaults) faults.push({ line, message });
  };
  if (text.length > maxLength) return { settings, faults: [{ line: 1, message: `it is longer than ${maxLength}` }] };
  let section: string | undefined;
  for (const { line, content } of logicalLines(text)) {
    const heading = /^\[(.*)\]$/.exec(content);
    const equals = content.indexOf("=");
    if (heading !== null) {
      section = isSectionName(heading[1] ?? "") ? heading[1] : undefined;
      if (section === undefined) fault(line, "it is no name of a section");
    } else if (section === undefined) fault(line, "it is outside of any section");
    else if (equals <= 0) fault(line, "it is no assignment");
    else {
      const setting = { section, key: content.slice(0, equals).trim(), value: content.slice(equals + 1).trim() };
      if (!isSetting({ ...setting, value: setting.value || "-" })) fault(line, "it is no assignment");
      else if (settings.length >= maxSettings) fault(line, `more than ${maxSettings} settings`);
      else assign(settings, setting);
    }
  }
  return { settings, faults };
}

/** Writes settings so that {@link parseUnitFile} reads the very same: sections in the order in which they first come. */
export function writeUnitFile(settings: readonly Setting[]): string {
  const sections = [...new Set(settings.map(({ section }) => section))];
  return sections
    .map((section) => {
      const own = settings.filter((setting) => setting.section === section);
      return [`[${section}]`, ...own.map(({ key, value }) => `${key}=${value}`), ""].join("\n");
    })
    .join("\n");
}

/**
 * Says whether a setting can stand in a file as it is: one line, nothing that would end it, begin a comment or go on in
 * the next. What comes from elsewhere is asked this before it is written.
 */
export function isSetting({ section, key, value }: Setting): boolean {
  return (
    isSectionName(section) &&
    /^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(key) &&
    value !== "" &&
    value.length <= maxValueLength &&
    value.trim() === value &&
    !/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(value.replaceAll("\t", " ")) &&
    !endsInContinuation(value)
  );
}

/** The values that a key has in force, in their order. */
export function valuesOf(settings: readonly Setting[], section: string, key: string): string[] {
  return settings.flatMap((setting) => (setting.section === section && setting.key === key ? [setting.value] : []));
}

/** The one value of a key that takes only one: the last. */
export function valueOf(settings: readonly Setting[], section: string, key: string): string | undefined {
  return valuesOf(settings, section, key).at(-1);
}

/** A boolean as systemd reads it; undefined for anything else. */
export function parseBoolean(value: string | undefined): boolean | undefined {
  if (/^(?:1|yes|y|true|t|on)$/i.test(value ?? "")) return true;
  return /^(?:0|no|n|false|f|off)$/i.test(value ?? "") ? false : undefined;
}

function assign(settings: Setting[], setting: Setting): void {
  if (setting.value !== "") settings.push(setting);
  else
    for (let at = settings.length - 1; at >= 0; at--)
      if (settings[at]?.section === setting.section && settings[at]?.key === setting.key) settings.splice(at, 1);
}

/** Lines without comments; those that end in a backslash joined with the next, with a blank in its place. */
function* logicalLines(text: string): Generator<{ readonly line: number; readonly content: string }> {
  let pending = "";
  let first = 0;
  for (const [index, raw] of text.split("\n").entries()) {
    const stripped = raw.trimStart();
    if (stripped.startsWith("#") || stripped.startsWith(";")) continue;
    if (pending === "") first = index + 1;
    const joined = pending + (pending === "" ? raw : stripped);
    if (endsInContinuation(joined)) {
      pending = `${joined.slice(0, -1)} `;
      continue;
    }
    pending = "";
    const content = joined.trim();
    if (content !== "") yield { line: first, content };
  }
  if (pending.trim() !== "") yield { line: first, content: pending.trim() };
}

function endsInContinuation(text: string): boolean {
  return (/\\*$/.exec(text)?.[0].length ?? 0) % 2 === 1;
}

function isSectionName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9 @._-]{0,63}$/.test(name) && !name.endsWith(" ");
}
