import type { ImageId, ImageName } from "../store/image-names.ts";

/** Which images of a name are to stay; a rule that is absent keeps none. */
export interface RetentionRules {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** All that were captured so long before the newest. */
  readonly withinMs?: number;
}

/** What becomes of an image, and why. */
export interface Retention {
  readonly image: ImageId;
  /** All its names among those looked at, numbers first. */
  readonly names: readonly ImageName[];
  /** Why it stays: `last`, `daily 2026-11-20`, `tag golden`, …; empty: it goes. */
  readonly reasons: readonly string[];
}

type Period = Exclude<keyof RetentionRules, "last" | "withinMs">;

/** The period that a moment lies in, in UTC, as it is shown. Weeks are those of ISO 8601. */
const periods: { readonly [Name in Period]: (date: Date) => string } = {
  hourly: (date) => `${date.toISOString().slice(0, 13)}h`,
  daily: (date) => date.toISOString().slice(0, 10),
  weekly: isoWeek,
  monthly: (date) => date.toISOString().slice(0, 7),
  yearly: (date) => date.toISOString().slice(0, 4),
};

/**
 * Decides which images to forget. Each name is looked at by itself; of each period the newest image stays. An image with a
 * word as tag always stays: somebody gave it that.
 *
 * @param names The names that were asked for.
 * @param all All names of the store: a tag elsewhere keeps an image too.
 */
export function planForget(
  names: readonly ImageName[],
  all: readonly ImageName[],
  rules: RetentionRules,
): readonly Retention[] {
  const plans: Retention[] = [];
  for (const ofName of Map.groupBy(names, ({ name }) => name).values()) {
    const images = [...Map.groupBy(ofName, ({ image }) => image)]
      .map(([image, own]) => ({
        image,
        names: own,
        capturedAtMs: Math.max(...own.map((name) => Date.parse(name.capturedAt))),
      }))
      .toSorted((a, b) => b.capturedAtMs - a.capturedAtMs);
    const newestMs = images[0]?.capturedAtMs ?? 0;
    const left = new Map<Period, { count: number; shown: string | undefined }>(
      (Object.keys(periods) as Period[]).map((period) => [period, { count: rules[period] ?? 0, shown: undefined }]),
    );
    for (const [index, { image, names: own, capturedAtMs }] of images.entries()) {
      const reasons: string[] = [];
      if (index < (rules.last ?? 0)) reasons.push("last");
      for (const [period, budget] of left) {
        const shown = periods[period](new Date(capturedAtMs));
        if (budget.count === 0 || budget.shown === shown) continue;
        budget.count--;
        budget.shown = shown;
        reasons.push(`${period} ${shown}`);
      }
      if (rules.withinMs !== undefined && newestMs - capturedAtMs <= rules.withinMs) reasons.push("within");
      for (const { image: other, name, tag } of all)
        if (other === image && !isNumber(tag))
          reasons.push(name === own[0]?.name ? `tag ${tag}` : `tag ${name}:${tag}`);
      plans.push({ image, names: own, reasons });
    }
  }
  return plans;
}

/** Says whether `NAME:TAG` is meant by a pattern with `*` and `?`; one without a tag means all of that name. */
export function matchesPattern(pattern: string, { name, tag }: Pick<ImageName, "name" | "tag">): boolean {
  const [namePattern = "", tagPattern = "*"] = pattern.split(":");
  return globToRegExp(namePattern).test(name) && globToRegExp(tagPattern).test(tag);
}

function globToRegExp(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`);
}

function isNumber(tag: string): boolean {
  return /^\d+$/.test(tag);
}

/** `2026-W47`: the week belongs to the year in which its Thursday lies. */
function isoWeek(date: Date): string {
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const yearStartMs = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.ceil(((thursday.getTime() - yearStartMs) / 86_400_000 + 1) / 7);
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}
