import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryTerminal } from "../../../test/cli/memory-terminal.ts";
import { Messages } from "./messages.ts";
import { Output, OutputClosedError, OutputFailedError } from "./output.ts";
import type { Terminal } from "./terminal.ts";

async function* items(...values: readonly object[]): AsyncGenerator<object, void, undefined> {
  yield* values;
  await Promise.resolve();
}

function failing(code: string, errno: number): Terminal {
  const write = (): void => {
    throw Object.assign(new RangeError(code), { code, errno });
  };
  return { ...memoryTerminal(), write };
}

test("Output.listDocument() makes valid JSON of any list", async () => {
  for (const list of [[], [{ a: 1 }], [{ a: 1 }, { b: "\u009b" }]])
    for (const [head, tail] of [
      [{}, {}],
      [{ image: "web" }, {}],
      [
        { image: "web", path: "" },
        { added: 1, removed: 2 },
      ],
    ] as const) {
      const terminal = memoryTerminal();
      const output = new Output(terminal);
      await output.listDocument(head, "entries", items(...list), () => tail);
      output.flush();
      assert.deepEqual(JSON.parse(terminal.text()), { ...head, entries: list, ...tail });
    }
});

test("Output.line() lets no control character through", () => {
  const terminal = memoryTerminal();
  const output = new Output(terminal);
  output.line("\u001b]0;title\u0007\nforged");
  output.flush();
  assert.equal(terminal.text(), String.raw`\u{1b}]0;title\u{7}\u{a}forged` + "\n");
});

test("Output.bytes() keeps its place among lines", () => {
  const terminal = memoryTerminal();
  const output = new Output(terminal);
  output.line("before");
  output.bytes(Buffer.from("\u001braw"));
  output.line("after");
  output.flush();
  assert.equal(terminal.text(), "before\n\u001brawafter\n");
});

test("Output tells a reader that has gone from a disk that is full", () => {
  assert.throws(() => new Output(failing("EPIPE", -32)).bytes(Buffer.from("x")), OutputClosedError);
  assert.throws(
    () => new Output(failing("ENOSPC", -28)).bytes(Buffer.from("x")),
    (error) => error instanceof OutputFailedError && error.errnoName === "ENOSPC",
  );
});

test("Messages keep the redrawn line below what is said and printed", () => {
  const screen = memoryTerminal(40);
  const messages = new Messages(screen, { quiet: false, verbose: 0 });
  const output = new Output(screen, (write) => messages.aside(write));
  messages.status("reading");
  messages.warn("first\nsecond");
  output.line("result");
  output.flush();
  messages.status("");
  const clear = "\r\u001b[2K";
  assert.equal(screen.text(), `${clear}reading${clear}first\nsecond\nreading${clear}result\nreading${clear}`);
});

test("Messages say only what was asked for", () => {
  const said = (quiet: boolean, verbose: number): string => {
    const terminal = memoryTerminal();
    const messages = new Messages(terminal, { quiet, verbose });
    messages.warn("w");
    messages.remark("r");
    messages.detail("d");
    return terminal.text().replaceAll("\n", "");
  };
  assert.deepEqual([said(false, 0), said(true, 0), said(false, 1), said(true, 1)], ["wr", "w", "wrd", "w"]);
});

test("Messages never fail the work they tell about", () => {
  const messages = new Messages(failing("ENOSPC", -28), { quiet: false, verbose: 0 });
  messages.warn("x");
  messages.status("y");
});
