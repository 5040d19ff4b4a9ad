import { parentPort, type Transferable } from "node:worker_threads";
import type { WorkerAnswer, WorkerRequest } from "./pool.ts";

/** Answers the requests of a {@link WorkerPool} in this thread, one after the other. */
export function serveRequests<Request, Response>(
  answer: (request: Request) => { readonly response: Response; readonly transfer: readonly Transferable[] },
): void {
  parentPort?.on("message", ({ number, request }: WorkerRequest<Request>) => {
    try {
      const { response, transfer } = answer(request);
      parentPort?.postMessage({ number, response } satisfies WorkerAnswer<Response>, [...transfer]);
    } catch (error) {
      parentPort?.postMessage({ number, failure: error } satisfies WorkerAnswer<Response>);
    }
  });
}
