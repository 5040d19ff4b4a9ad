import { parentPort, type Transferable } from "node:worker_threads";
import { RehomeError } from "../core/errors.ts";
import type { SentFailure, WorkerAnswer, WorkerRequest } from "./pool.ts";

/** Answers the requests of a {@link WorkerPool} in this thread, one after the other. */
export function serveRequests<Request, Response>(
  answer: (request: Request) => { readonly response: Response; readonly transfer: readonly Transferable[] },
): void {
  parentPort?.on("message", ({ number, request }: WorkerRequest<Request>) => {
    try {
      const { response, transfer } = answer(request);
      parentPort?.postMessage({ number, response } satisfies WorkerAnswer<Response>, [...transfer]);
    } catch (error) {
      parentPort?.postMessage({ number, failure: sendFailure(error) } satisfies WorkerAnswer<Response>);
    }
  });
}

function sendFailure(error: unknown): SentFailure {
  const { name, message, stack } = error instanceof Error ? error : new TypeError(String(error));
  const known = error instanceof RehomeError ? { code: error.code, remedy: error.remedy } : {};
  return { name, message, ...known, ...(stack !== undefined && { stack }) };
}
