import { Worker, type Transferable } from "node:worker_threads";
import { RehomeError } from "../core/errors.ts";
import type { ErrorCode } from "../core/exit-status.ts";

/** A worker thread ended, or failed in a way that is no answer to one request. */
export class WorkerFailedError extends RehomeError {
  override readonly name = "WorkerFailedError";
  readonly code = "WORKER_FAILED";

  constructor(what: string, options?: ErrorOptions) {
    super(
      `cannot go on: a worker thread ${what}`,
      "Run the same command again; report it if it fails so again.",
      options,
    );
  }
}

/** A failure as it travels between threads, where classes do not. */
export interface SentFailure {
  readonly name: string;
  readonly message: string;
  readonly code?: ErrorCode;
  readonly remedy?: string;
  readonly stack?: string;
}

/** A request failed in a worker for a reason that has a code of its own; `errorName` is the class it had there. */
export class ReportedError extends RehomeError {
  override readonly name = "ReportedError";
  readonly code: ErrorCode;
  readonly errorName: string;

  constructor(code: ErrorCode, sent: SentFailure) {
    super(sent.message, sent.remedy ?? "", { cause: sent.stack });
    this.code = code;
    this.errorName = sent.name;
  }
}

/** What a request travels in. */
export interface WorkerRequest<Request> {
  readonly number: number;
  readonly request: Request;
}

/** What a worker is told: a request, or to end once it has answered those before. */
export type WorkerMessage<Request> = WorkerRequest<Request> | "end";

/** What an answer travels in; `failure` in place of `response` when the request failed as a whole. */
export type WorkerAnswer<Response> =
  | { readonly number: number; readonly response: Response }
  | { readonly number: number; readonly failure: SentFailure };

interface Member {
  readonly worker: Worker;
  readonly ended: Promise<void>;
  readonly waiting: Map<number, { resolve: (response: never) => void; reject: (reason: unknown) => void }>;
}

/** The name of a file of worker code beside this one, as it runs from source or compiled. */
export type WorkerFile = "capture-worker" | "restore-worker" | "compare-worker" | "facts-worker";

/**
 * Threads that all run the same code, started with the first request; each request goes to the least busy one.
 *
 * Invariants: at most `depth` requests are at one worker, so what is on its way is bounded; after a failure every request
 * fails; buffers named in `transfer` are handed over, not copied.
 */
export class WorkerPool<Request, Response> implements AsyncDisposable {
  readonly #members: Member[] = [];
  readonly #makeMember: () => Member;
  readonly #size: number;
  readonly #depth: number;
  #wakeUp: (() => void)[] = [];
  #number = 0;
  #failure: WorkerFailedError | undefined;

  constructor(file: WorkerFile, workerData: unknown, size: number, depth = 2) {
    this.#size = size;
    this.#depth = depth;
    const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
    this.#makeMember = () => {
      const worker = new Worker(new URL(`./${file}${extension}`, import.meta.url), { workerData });
      const ended = new Promise<void>((resolve) => void worker.once("exit", () => resolve()));
      const member: Member = { worker, ended, waiting: new Map() };
      worker.on("message", (answer: WorkerAnswer<Response>) => this.#settle(member, answer));
      worker.on("error", (error) => this.#fail(new WorkerFailedError("failed", { cause: error })));
      worker.on("exit", (code) => this.#fail(new WorkerFailedError(`ended with status ${code}`)));
      return member;
    };
  }

  /** Starts the threads, which {@link run} otherwise does: they load while the caller has other things to do. */
  start(): void {
    while (this.#members.length < this.#size) this.#members.push(this.#makeMember());
  }

  /** How many requests may be on their way at once. */
  get capacity(): number {
    return this.#size * this.#depth;
  }

  /** Requests on their way. */
  get busy(): number {
    return this.#members.reduce((sum, member) => sum + member.waiting.size, 0);
  }

  /** Waits until a request can be taken without waiting in a queue. @throws {WorkerFailedError} */
  async room(): Promise<void> {
    while (this.#failure === undefined && this.busy >= this.capacity)
      await new Promise<void>((resolve) => void this.#wakeUp.push(resolve));
    if (this.#failure) throw this.#failure;
  }

  /** Sends a request to the least busy worker. @throws {WorkerFailedError} */
  run(request: Request, transfer: readonly Transferable[] = []): Promise<Response> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.start();
    const member = this.#members.reduce((least, other) => (other.waiting.size < least.waiting.size ? other : least));
    const number = ++this.#number;
    return new Promise<Response>((resolve, reject) => {
      member.waiting.set(number, { resolve, reject });
      member.worker.postMessage({ number, request } satisfies WorkerMessage<Request>, transfer);
    });
  }

  /**
   * Ends the threads; none is at work any more on return. They are told to, not terminated: a thread that is terminated while
   * it loads or calls native code brings the whole process down.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= new WorkerFailedError("was told to end");
    for (const { worker } of this.#members) worker.postMessage("end" satisfies WorkerMessage<Request>);
    await Promise.all(this.#members.map(({ ended }) => ended));
  }

  #settle(member: Member, answer: WorkerAnswer<Response>): void {
    const waiting = member.waiting.get(answer.number);
    member.waiting.delete(answer.number);
    if ("failure" in answer) waiting?.reject(receiveFailure(answer.failure));
    else waiting?.resolve(answer.response as never);
    this.#wake();
  }

  #fail(error: WorkerFailedError): void {
    this.#failure ??= error;
    for (const { waiting } of this.#members) {
      for (const { reject } of waiting.values()) reject(this.#failure);
      waiting.clear();
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#wakeUp.splice(0)) resolve();
  }
}

function receiveFailure(sent: SentFailure): RehomeError {
  if (sent.code !== undefined) return new ReportedError(sent.code, sent);
  return new WorkerFailedError(`failed: ${sent.message}`, { cause: sent.stack });
}
