import { keepFreedMemory } from "../host/keep-freed-memory.ts";
import { parentPort, type Transferable } from "node:worker_threads";
import { RehomeError } from "../core/errors.ts";
import type { SentFailure, WorkerAnswer, WorkerMessage, WorkerRequest } from "./pool.ts";

/** An answer and what of it is handed over. */
export interface Answer<Response> {
  readonly response: Response;
  readonly transfer: readonly Transferable[];
}

/** Answers the requests of a {@link WorkerPool} in this thread, one after the other. */
export function serveRequests<Request, Response>(
  answer: (request: Request) => Answer<Response> | Promise<Answer<Response>>,
): void {
  keepFreedMemory();
  const serve = async ({ number, request }: WorkerRequest<Request>): Promise<void> => {
    try {
      const { response, transfer } = await answer(request);
      parentPort?.postMessage({ number, response } satisfies WorkerAnswer<Response>, [...transfer]);
    } catch (error) {
      parentPort?.postMessage({ number, failure: sendFailure(error) } satisfies WorkerAnswer<Response>);
    }
  };
  parentPort?.on("message", (message: WorkerMessage<Request>) => {
    if (message === "end") process.exit();
    void serve(message);
  });
}

function sendFailure(error: unknown): SentFailure {
  const { name, message, stack } = error instanceof Error ? error : new TypeError(String(error));
  const known = error instanceof RehomeError ? { code: error.code, remedy: error.remedy } : {};
  return { name, message, ...known, ...(stack !== undefined && { stack }) };
}
