import { cellWidth, cutToCells } from "./cell-width.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: "right";
  /** May be cut where the table is too wide; the widest of such columns gives first. */
  readonly cuttable?: true;
}

const gap = "  ";
const narrowest = 6;

/** Lines of a table with a heading, no wider than `width` cells: columns that may be cut end in `…`. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): string[] {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => cellWidth(cells[index] ?? ""))));
  fit(columns, widths, width);
  return lines.map((cells) => {
    const padded = cells.map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align === "right"));
    return cutToCells(padded.join(gap).trimEnd(), width);
  });
}

function fit(columns: readonly Column<never>[], widths: number[], width: number): void {
  const spare = (): number => width - widths.reduce((sum, cells) => sum + cells, gap.length * (widths.length - 1));
  while (spare() < 0) {
    const [widest] = [...widths.keys()]
      .filter((index) => columns[index]?.cuttable === true && (widths[index] ?? 0) > narrowest)
      .toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (widest === undefined) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function pad(cell: string, width: number, toTheRight: boolean): string {
  const cut = cutToCells(cell, width);
  const spaces = " ".repeat(width - cellWidth(cut));
  return toTheRight ? spaces + cut : cut + spaces;
}
