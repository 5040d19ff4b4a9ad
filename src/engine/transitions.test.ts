import assert from "node:assert/strict";
import { test } from "node:test";
import { TransitionError } from "./errors.ts";
import { endedStates, shownState, type JobId, type JobState } from "./job.ts";
import { chooseNextSteps } from "./next-steps.ts";
import { assertTransition, transitions } from "./transitions.ts";

const states = Object.keys(transitions) as JobState[];

/** Written down a second time, as a picture: a row is where from, a column where to. */
const picture = `
            queued running pausing paused failed cancelled undoing undone done
queued           -       x       -      -      -         x       -      -    -
running          -       x       x      x      x         x       x      -    x
pausing          -       x       x      x      x         x       x      -    x
paused           -       x       -      -      -         x       x      -    -
failed           -       x       -      -      -         x       x      -    -
cancelled        -       -       -      -      -         -       x      -    -
undoing          -       -       -      -      x         -       x      x    -
undone           -       -       -      -      -         -       -      -    -
done             -       -       -      -      -         -       x      -    -
`;

test("assertTransition() allows what the table says and refuses everything else", () => {
  const [head = "", ...rows] = picture.trim().split("\n");
  const columns = head.trim().split(/\s+/) as JobState[];
  assert.deepEqual(columns.toSorted(), states.toSorted());
  for (const row of rows) {
    const [from = "", ...cells] = row.trim().split(/\s+/);
    for (const [index, cell] of cells.entries()) {
      const to = columns[index] as JobState;
      const move = (): void => assertTransition("0a" as JobId, from as JobState, to);
      if (cell === "x") move();
      else assert.throws(move, (error) => error instanceof TransitionError && error.from === from && error.to === to);
    }
  }
  assert.equal(rows.length, states.length);
});

test("shownState() calls what an owner must be at, and has none, interrupted", () => {
  for (const state of states) {
    const needsOwner = ["running", "pausing", "undoing"].includes(state);
    assert.equal(shownState(state, true), state);
    assert.equal(shownState(state, false), needsOwner ? "interrupted" : state);
  }
});

test("chooseNextSteps() offers only what the table of transitions allows", () => {
  const leadsTo = { pause: "pausing", resume: "running", cancel: "cancelled", undo: "undoing" } as const;
  for (const state of states)
    for (const isOwned of [true, false]) {
      const shown = shownState(state, isOwned);
      const facts = { isUndoing: state === "undoing", canUndo: true, hasRate: true };
      for (const step of chooseNextSteps(shown, facts)) {
        const to = step === "resume" && state === "undoing" ? "undoing" : leadsTo[step as keyof typeof leadsTo];
        if (to !== undefined) assert.ok(transitions[state].includes(to), `${shown}: ${step}`);
      }
      if (endedStates.includes(state)) assert.ok(!chooseNextSteps(shown, facts).includes("resume"));
    }
});

test("chooseNextSteps() offers no undo past the point of no return, and nothing but the rest of an undo", () => {
  assert.deepEqual(chooseNextSteps("failed", { isUndoing: false, canUndo: false, hasRate: true }), [
    "resume",
    "cancel",
  ]);
  assert.deepEqual(chooseNextSteps("interrupted", { isUndoing: true, canUndo: true, hasRate: true }), ["resume"]);
  assert.deepEqual(chooseNextSteps("running", { isUndoing: false, canUndo: true, hasRate: false }), [
    "pause",
    "cancel",
  ]);
});
