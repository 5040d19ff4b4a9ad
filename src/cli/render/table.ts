import { cellWidth, cutToCells } from "./cell-width.ts";

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly align?: "right";
  /** May be cut where the table is too wide; the widest of such columns gives first. */
  readonly cuttable?: true;
  /** May be left out before others are cut; the lowest number goes first. */
  readonly dispensable?: number;
}

const gap = "  ";
const narrowest = 6;

/**
 * Lines of a table with a heading, no wider than `width` cells: where that is too little, dispensable columns are left out,
 * then columns that may be cut end in `…`.
 */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): string[] {
  const kept = chooseColumns(
    columns.map((column) => {
      const cells = [column.title, ...rows.map((row) => column.cell(row))];
      return { column, cells, width: cells.reduce((widest, cell) => Math.max(widest, cellWidth(cell)), 0) };
    }),
    width,
  );
  return [undefined, ...rows].map((_, line) => {
    const padded = kept.map(({ column, cells, width: own }) => pad(cells[line] ?? "", own, column.align === "right"));
    return cutToCells(padded.join(gap).trimEnd(), width);
  });
}

interface MeasuredColumn {
  readonly column: Column<never>;
  readonly cells: readonly string[];
  readonly width: number;
}

function chooseColumns(columns: readonly MeasuredColumn[], width: number): MeasuredColumn[] {
  const excess = (): number => kept.reduce((sum, { width: own }) => sum + own + gap.length, -gap.length) - width;
  let kept = [...columns];
  const dispensable = columns
    .filter(({ column }) => column.dispensable !== undefined)
    .toSorted((a, b) => (a.column.dispensable ?? 0) - (b.column.dispensable ?? 0));
  for (const column of dispensable) if (excess() > 0) kept = kept.filter((other) => other !== column);
  while (excess() > 0) {
    const [widest] = kept
      .filter(({ column, width: own }) => column.cuttable === true && own > narrowest)
      .toSorted((a, b) => b.width - a.width);
    if (widest === undefined) break;
    kept = kept.map((column) => (column === widest ? { ...column, width: column.width - 1 } : column));
  }
  return kept;
}

function pad(cell: string, width: number, toTheRight: boolean): string {
  const cut = cutToCells(cell, width);
  const spaces = " ".repeat(width - cellWidth(cut));
  return toTheRight ? spaces + cut : cut + spaces;
}
