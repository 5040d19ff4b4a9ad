import assert from "node:assert/strict";
import { test } from "node:test";
import type { Progress } from "../../core/progress.ts";
import { Messages } from "../terminal/messages.ts";
import { memoryTerminal } from "../../../test/cli/memory-terminal.ts";
import { entryNoun, formatProgress } from "./progress-text.ts";
import { ProgressView, type ProgressStyle } from "./progress-view.ts";
import { chooseProgressStyle } from "./start-progress.ts";

const MiB = 2 ** 20;

/** A view with a clock that goes on by hand: `pass` calls the timer every 200 ms. */
function startView(style: ProgressStyle, columns?: number, verbose = 0) {
  const terminal = memoryTerminal(columns);
  let nowMs = 0;
  let tick: (() => void) | undefined;
  const view = new ProgressView(style, new Messages(terminal, { quiet: false, verbose }), entryNoun, {
    elapsedMs: () => nowMs,
    now: () => new Date(Date.UTC(2026, 0, 1) + nowMs),
    every: (_, act) => {
      tick = act;
      return () => void (tick = undefined);
    },
  });
  const pass = (durationMs: number): void => {
    for (const end = nowMs + durationMs; nowMs < end; tick?.()) nowMs += 200;
  };
  return { view, terminal, pass };
}

function progress(phase: string, bytes: number, totalBytes?: number): Progress {
  return { version: 1, phase, bytes, items: Math.round(bytes / MiB), ...(totalBytes !== undefined && { totalBytes }) };
}

test("ProgressView redraws one line at most five times a second and takes it away at the end", () => {
  const { view, terminal, pass } = startView("line", 80);
  for (let bytes = 0; bytes < 100; bytes++) {
    for (let call = 0; call < 50; call++) view.onProgress(progress("reading", bytes * MiB + call, 100 * MiB));
    pass(200);
  }
  view[Symbol.dispose]();
  const lines = terminal.text().split("\r\u001b[2K");
  assert.ok(lines.length <= 103, String(lines.length));
  assert.equal(lines.at(-1), "");
  assert.ok(!terminal.text().includes("\n"));
  assert.match(
    lines.at(-2) ?? "",
    /^reading {2}9\d\.\d MiB of 100 MiB \(9\d %\) {2}\d+ entries {2}5\.\d\d MiB\/s {2}0\.\d s left$/,
  );
});

test("ProgressView is never wider than the terminal", () => {
  const { view, terminal, pass } = startView("line", 20);
  view.onProgress(progress("a phase with a very long name", MiB));
  pass(1000);
  for (const line of terminal.text().split("\r\u001b[2K")) assert.ok(line.length < 20, line);
});

test("ProgressView shows that a silent phase goes on", () => {
  const { view, terminal, pass } = startView("line", 80);
  view.onProgress(progress("syncing", 0));
  pass(5000);
  assert.ok(terminal.text().endsWith("syncing  5.0 s"), terminal.text());
});

test("ProgressView prints a plain line after two seconds, then every five", () => {
  const { view, terminal, pass } = startView("plain");
  view.onProgress(progress("reading", 0));
  pass(1800);
  assert.equal(terminal.text(), "");
  pass(10_400);
  view[Symbol.dispose]();
  assert.deepEqual(terminal.text().trim().split("\n"), ["reading  2.0 s", "reading  7.0 s", "reading  12 s"]);
});

test("ProgressView prints JSON lines: each phase, its last state, and that it still goes on", () => {
  const { view, terminal, pass } = startView("json");
  view.onProgress(progress("reading", 0, 4 * MiB));
  pass(1000);
  view.onProgress(progress("reading", MiB, 4 * MiB));
  view.onProgress(progress("reading", 2 * MiB, 4 * MiB));
  view.onProgress(progress("syncing", 2 * MiB));
  pass(6000);
  view[Symbol.dispose]();
  const lines = terminal
    .text()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ phase, bytes }) => [phase, bytes]),
    [
      ["reading", 0],
      ["reading", MiB],
      ["reading", 2 * MiB],
      ["syncing", 2 * MiB],
      ["syncing", 2 * MiB],
    ],
  );
  assert.deepEqual(lines[2], {
    version: 1,
    phase: "reading",
    bytes: 2 * MiB,
    totalBytes: 4 * MiB,
    items: 2,
    rate: 2 * MiB,
    etaMs: 1000,
    at: "2026-01-01T00:00:01.000Z",
  });
});

test("ProgressView leaves a line for each phase with -v", () => {
  const { view, terminal, pass } = startView("none", undefined, 1);
  view.onProgress(progress("reading", 2 * MiB));
  pass(1000);
  view.onProgress(progress("storing", 2 * MiB));
  view[Symbol.dispose]();
  assert.match(terminal.text(), /^reading {2}2\.00 MiB {2}2 entries .*1\.0 s\nstoring /);
});

test("formatProgress() names totals where they are known", () => {
  const text = formatProgress(
    { version: 1, phase: "writing", bytes: MiB, items: 1, totalItems: 16204 },
    { elapsedMs: 3000, bytesPerSecond: 0 },
    entryNoun,
  );
  assert.equal(text, "writing  1.00 MiB  1 of 16,204 entries  3.0 s");
});

test("chooseProgressStyle() draws only where a line can be redrawn", () => {
  const screen = { quiet: false, isTerminal: true, terminalType: "xterm" };
  assert.equal(chooseProgressStyle(undefined, screen), "line");
  assert.equal(chooseProgressStyle("auto", { ...screen, quiet: true }), "line");
  assert.equal(chooseProgressStyle(undefined, { ...screen, quiet: true }), "none");
  assert.equal(chooseProgressStyle(undefined, { ...screen, terminalType: "dumb" }), "plain");
  assert.equal(chooseProgressStyle(undefined, { ...screen, isTerminal: false }), "plain");
  assert.equal(chooseProgressStyle("json", { ...screen, quiet: true }), "json");
});
