import { median, type Sample } from "./measure.ts";
import type { MillionMeasured } from "./million.ts";
import { steps, type Measured, type Step } from "./rounds.ts";

/** A figure that rehome is held to: at most `bar`, and where it is meant to be. */
interface Figure {
  readonly title: string;
  readonly rehome: number;
  readonly other: number;
  readonly unit: "s" | "MB" | "ms";
  readonly bar: number;
  readonly aim: number;
  /** Whether bar and aim hold the ratio to `other` or `rehome` itself. */
  readonly held: "ratio" | "value";
}

export interface Report {
  readonly environment: readonly string[];
  readonly measured: readonly Measured[];
  readonly startup: { readonly rehomeMs: number; readonly nodeMs: number } | undefined;
  readonly million: MillionMeasured | undefined;
}

/** The report in Markdown, as `docs/benchmarks.md` takes it. */
export function formatReport(report: Report): string {
  const figures = figuresOf(report);
  return [
    ...report.environment.map((line) => `- ${line}`),
    "",
    ...(report.measured.length > 0 ? [...toolTable(report.measured), ""] : []),
    ...(figures.length > 0 ? [...figureTable(figures), ""] : []),
    ...report.measured.flatMap(({ tool, comparison }) =>
      comparison === undefined ? [] : [`The tree ${tool.title} restored, compared strictly: ${comparison}`, ""],
    ),
    ...report.measured.flatMap(failureNotes),
  ].join("\n");
}

function toolTable(measured: readonly Measured[]): string[] {
  const header =
    "| tool | first capture s (CPU s) | unchanged s | 1 % changed s | restore s (CPU s) | stored MB | after the change MB | peak memory MB |";
  const rows = measured.map(({ tool, samples, storedBytes, storedAfterChangeBytes }) => {
    const peaks = steps.flatMap((step) => samples[step].map((sample) => sample.peakBytes));
    return row([
      tool.title,
      withCpu(samples.first),
      seconds(wall(samples.unchanged)),
      seconds(wall(samples.changed)),
      withCpu(samples.restore),
      megabytes(median(storedBytes)),
      megabytes(median(storedAfterChangeBytes)),
      megabytes(Math.max(...peaks)),
    ]);
  });
  return [header, "| --- |" + " ---: |".repeat(7), ...rows];
}

function figuresOf({ measured, startup, million }: Report): Figure[] {
  const of = (name: string): Measured | undefined => measured.find(({ tool }) => tool.name === name);
  const [tar, borg, rehome] = [of("tar"), of("borg"), of("rehome")];
  const figures: Figure[] = [];
  const time = (title: string, step: Step, other: Measured, rehomes: Measured, bar: number, aim: number): void => {
    const [own, others] = [wall(rehomes.samples[step]) / 1000, wall(other.samples[step]) / 1000];
    figures.push({ title, rehome: own, other: others, unit: "s", bar, aim, held: "ratio" });
  };
  if (rehome && tar) {
    time("first capture, to tar \\| zstd", "first", tar, rehome, 1.2, 1);
    const [own, others] = [median(rehome.storedBytes) / 1e6, median(tar.storedBytes) / 1e6];
    const title = "stored size, to tar.zst";
    figures.push({ title, rehome: own, other: others, unit: "MB", bar: 1.05, aim: 0.97, held: "ratio" });
  }
  if (rehome && borg) time("capture again unchanged, to borg", "unchanged", borg, rehome, 0.6, 0.35);
  if (rehome && tar) time("restore, to zstd \\| tar", "restore", tar, rehome, 1.1, 0.8);
  if (million) {
    const peak =
      Math.max(...[million.first, million.unchanged, million.restore].map((sample) => sample.peakBytes)) / 1e6;
    const title = "peak memory, 1,000,000 small files";
    figures.push({ title, rehome: peak, other: Number.NaN, unit: "MB", bar: 400, aim: 250, held: "value" });
  }
  if (startup) {
    const title = "`rehome --version`, to `node -e 0`";
    figures.push({
      title,
      rehome: startup.rehomeMs,
      other: startup.nodeMs,
      unit: "ms",
      bar: 2,
      aim: 1.4,
      held: "ratio",
    });
  }
  return figures;
}

function figureTable(figures: readonly Figure[]): string[] {
  const rows = figures.map(({ title, rehome, other, unit, bar, aim, held }) => {
    const value = held === "ratio" ? rehome / other : rehome;
    const verdict = value <= aim ? "aim met" : value <= bar ? "bar met" : "missed";
    const limit = (number: number): string => (held === "ratio" ? `≤ ${number.toFixed(2)}` : `≤ ${number} ${unit}`);
    return row([
      title,
      `${decimals(rehome, unit)} ${unit}`,
      Number.isNaN(other) ? "–" : `${decimals(other, unit)} ${unit}`,
      held === "ratio" ? value.toFixed(2) : "–",
      limit(bar),
      limit(aim),
      verdict,
    ]);
  });
  return [
    "| figure | rehome | peer | ratio | bar | aim | |",
    "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ...rows,
  ];
}

function failureNotes({ tool, samples }: Measured): string[] {
  return steps.flatMap((step) => {
    const statuses = samples[step].map((sample) => sample.exitStatus).filter((status) => status !== 0);
    return statuses.length === 0 ? [] : [`- ${tool.title}, ${step}: exit status ${statuses.join(", ")}`];
  });
}

function wall(samples: readonly Sample[]): number {
  return median(samples.map((sample) => sample.wallMs));
}

function withCpu(samples: readonly Sample[]): string {
  return `${seconds(wall(samples))} (${seconds(median(samples.map((sample) => sample.cpuMs)))})`;
}

function seconds(ms: number): string {
  return Number.isNaN(ms) ? "–" : (ms / 1000).toFixed(2);
}

function megabytes(bytes: number): string {
  return Number.isNaN(bytes) ? "–" : (bytes / 1e6).toFixed(1);
}

function decimals(value: number, unit: Figure["unit"]): string {
  return value.toFixed(unit === "s" ? 2 : 1);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
