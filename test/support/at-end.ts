import type { TestContext } from "node:test";

const steps = new WeakMap<TestContext, (() => void)[]>();

/** Runs `step` when the test has ended; the step that was registered last runs first, which `after` alone does not do. */
export function atEnd(context: TestContext, step: () => void): void {
  const known = steps.get(context);
  if (known) {
    known.push(step);
    return;
  }
  const registered = [step];
  steps.set(context, registered);
  context.after(() => {
    const failures: unknown[] = [];
    for (const next of registered.toReversed())
      try {
        next();
      } catch (error) {
        failures.push(error);
      }
    if (failures.length > 0) throw new AggregateError(failures, "what a test had set up could not be taken down");
  });
}
