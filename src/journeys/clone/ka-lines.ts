import type { SessionNote } from "./chain/coordinator-events.ts";
import type { SessionFigures } from "./golden/session-figures.ts";
import type { NodeReport, SessionReport } from "./session-report.ts";

/** What the KA method says at the start of a session with a number of nodes to wait for. */
export function wantLine(nodes: number): string {
  return `I want ${nodes} clients`;
}

/** A note of a session as people read it: in the words of the KA method where it has some. */
export function noteLine(note: SessionNote): string {
  switch (note.kind) {
    case "added":
      return `Added client ${note.name}, daddy = ${note.daddy}`;
    case "started":
      return "Let's go!";
    case "captured":
      return `The capture is complete: ${note.bytes} bytes in ${note.entries} entries`;
    case "joined":
      return `Client ${note.name} waits`;
    case "came-back":
      return `Client ${note.name} is back`;
    case "set-aside":
      return `Client ${note.name} is set aside: it goes on at its own pace`;
    case "accused":
      return `Client ${note.name} passed on other bytes than it got: it goes to the end of the chain`;
    case "lost":
      return `Client ${note.name} is lost: the others go on without it`;
    default:
      return `Client ${note.name}: ${note.verdict.ok ? "ok" : `failed: ${note.verdict.reason}`}`;
  }
}

/** The three lines with which a session of the KA method ends. A Meg has 2^20 bytes, as there. */
function closingLines({ sentBytes, packets, transferMs, emptiedMs }: SessionFigures): string[] {
  const megs = sentBytes / 2 ** 20;
  const seconds = transferMs / 1000;
  return [
    `Total data sent = ${Math.floor(megs)} Megs, in ${packets} packets`,
    `Transfer time = ${seconds.toFixed(3)} seconds, throughput = ${(seconds > 0 ? megs / seconds : 0).toFixed(3)} Mbytes/second`,
    `The pipeline was emptied in ${(emptiedMs / 1000).toFixed(3)} seconds`,
  ];
}

/** The lines with which a session ends: those of the KA method, then one for each node. */
export function reportLines(report: SessionReport): string[] {
  return [...closingLines(report), ...report.nodes.map(verdictLine)];
}

function verdictLine({ name, ok, state, verifiedBytes, retries, reason }: NodeReport): string {
  if (ok) return `${name}: ok, ${verifiedBytes} bytes verified, ${retries} ${retries === 1 ? "retry" : "retries"}`;
  return `${name}: ${reason === "" ? state : `failed: ${reason}`}`;
}
