/**
 * Named places where tests make an operation die. In production nothing is armed and `crashPoint` is one comparison.
 *
 * Names are `OPERATION.PLACE`, part of no API.
 */
let armed: ((name: string) => void) | undefined;

/** Every place that was passed since arming began, in order; for tests that die at each in turn. */
export function armCrashPoints(action: ((name: string) => void) | undefined): void {
  armed = action;
}

/** A place to die. */
export function crashPoint(name: string): void {
  armed?.(name);
}
