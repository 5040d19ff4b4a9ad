import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { isSupervising, type Supervisor } from "../../host/machines/supervisor.ts";
import { replaceFile } from "../../host/replace-file.ts";
import { object, text } from "../../journeys/machine/detached/decode.ts";
import type { Paths } from "../settings/settings.ts";
import { machinePlaces } from "./places.ts";

const decodeStopping = object<{ readonly pid: string; readonly startedAt: string }>({
  pid: text(/^[1-9]\d{0,9}$/),
  startedAt: text(/^\d{1,20}$/),
});

/** Notes who was asked to end a machine; it holds for this process alone, so that nothing has to be cleaned after a restart. */
export function noteStopping(paths: Paths, name: string, { pid, startedAt }: Supervisor): void {
  const { stoppingFile } = machinePlaces(paths, name);
  mkdirSync(dirname(stoppingFile), { recursive: true, mode: 0o700 });
  replaceFile(stoppingFile, JSON.stringify({ pid: String(pid), startedAt }), false);
}

/** Forgets it. */
export function forgetStopping(paths: Paths, name: string): void {
  rmSync(machinePlaces(paths, name).stoppingFile, { force: true });
}

/** Says whether a machine that runs was told to stop. */
export function isStopping(paths: Paths, name: string): boolean {
  let asked: Supervisor;
  try {
    const { pid, startedAt } = decodeStopping(
      JSON.parse(readFileSync(machinePlaces(paths, name).stoppingFile, "utf8")),
      "it",
    );
    asked = { pid: Number(pid), startedAt };
  } catch {
    return false;
  }
  return isSupervising(asked);
}
