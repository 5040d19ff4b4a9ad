import { exitStatus, type ExitStatus } from "../core/exit-status.ts";
import { resolve } from "node:path";
import type { JobId } from "../engine/job.ts";
import { answerPassphrasesWith } from "../library/store/store-secret.ts";
import { readConfiguration } from "../library/settings/configuration.ts";
import { choosePaths, type Paths } from "../library/settings/settings.ts";
import { version } from "../library/version.ts";
import type { CommandContext, RunCommand } from "./command-context.ts";
import { loaders } from "./commands/loaders.ts";
import type { CommonOptions } from "./definition/index.ts";
import { reportFailure } from "./failure/report-failure.ts";
import { renderHelp } from "./help/render-help.ts";
import { parseArguments, type Request } from "./parse/parse-arguments.ts";
import { chooseProgressStyle, startProgress } from "./progress/start-progress.ts";
import { Interrupts } from "./terminal/interrupts.ts";
import { Messages } from "./terminal/messages.ts";
import { Output, OutputClosedError } from "./terminal/output.ts";
import { SecretPrompt } from "./terminal/secret-prompt.ts";
import { openTerminal } from "./terminal/terminal.ts";

/**
 * Runs a command line to its end and says what to end with. Everything that is thrown on the way is caught and told here;
 * what nobody waited for ends the process the same way.
 */
export async function runProgram(args: readonly string[]): Promise<ExitStatus> {
  if (args[0] === "__complete") return await answerShell(args.slice(1));
  const parsed = tryToParse(args);
  const common = "common" in parsed ? parsed.common : { ...unread, json: args.includes("--json") };
  const messages = new Messages(openTerminal(2), common);
  const output = new Output(openTerminal(1), (write) => messages.aside(write));
  using interrupts = new Interrupts(
    process,
    () => messages.warn("rehome: stopping at the next safe point; once more stops at once, which is safe too"),
    () => {
      messages.status("");
      process.exit(exitStatus.interrupted);
    },
  );
  const running: { job: JobId | undefined } = { job: undefined };
  const report = (error: unknown): ExitStatus =>
    reportFailure(error, { messages, output, args, json: common.json, isInterrupted: interrupts.happened, ...running });
  const prompt = new SecretPrompt();
  answerPassphrasesWith((question) => prompt.ask(question));
  process.on("uncaughtException", (error) => process.exit(report(error)));
  try {
    const status = await answer(parsed, { common, messages, output, interrupts, running });
    output.flush();
    return status;
  } catch (error) {
    return error instanceof OutputClosedError ? exitStatus.done : report(error);
  }
}

/** Answers the scripts of `rehome completion`; a shell has no use for errors. */
async function answerShell(words: readonly string[]): Promise<ExitStatus> {
  const { renderCompletion } = await import("./completion/run-complete.ts");
  try {
    openTerminal(1).write(Buffer.from(await renderCompletion(words)));
    return exitStatus.done;
  } catch {
    return exitStatus.failed;
  }
}

const unread: CommonOptions = {
  store: undefined,
  keyFile: undefined,
  trustedSigners: undefined,
  json: false,
  progress: undefined,
  quiet: false,
  verbose: 0,
};

function tryToParse(args: readonly string[]): Request | { readonly kind: "unreadable"; readonly error: unknown } {
  try {
    return parseArguments(args, (key) => readConfiguration(process.env["REHOME_CONFIG"])[key] ?? {});
  } catch (error) {
    return { kind: "unreadable", error };
  }
}

interface Surroundings {
  readonly common: CommonOptions;
  readonly messages: Messages;
  readonly output: Output;
  readonly interrupts: Interrupts;
  /** The job that the command runs, once it has one. */
  readonly running: { job: JobId | undefined };
}

async function answer(request: ReturnType<typeof tryToParse>, surroundings: Surroundings): Promise<ExitStatus> {
  const { output, messages } = surroundings;
  switch (request.kind) {
    case "unreadable":
      throw request.error;
    case "version":
      output.line(`rehome ${version}`);
      return exitStatus.done;
    case "help":
      if (request.wasAsked) {
        output.lines(renderHelp(request.topic, output.width));
        return exitStatus.done;
      }
      messages.warn(renderHelp(request.topic, messages.width).join("\n"));
      return exitStatus.usage;
    case "run": {
      // The call was read by the definition of this very command.
      const run = (await loaders[request.name]()) as RunCommand<object>;
      return await run(request.call, contextOf(surroundings));
    }
  }
}

function contextOf({ common, messages, output, interrupts, running }: Surroundings): CommandContext {
  const style = chooseProgressStyle(common.progress, {
    quiet: common.quiet,
    isTerminal: messages.isTerminal,
    terminalType: process.env["TERM"],
  });
  return {
    common,
    store: {
      ...(common.store !== undefined && { store: common.store }),
      ...((common.keyFile !== undefined || common.trustedSigners !== undefined) && { paths: pathsOf(common) }),
    },
    output,
    messages,
    onJob: (job) => (running.job = job),
    job: () => running.job,
    interruptible: (action) => interrupts.listen(action),
    startProgress: (noun) => startProgress(style, messages, noun),
  };
}

/** The paths that are chosen, with the files that the command line names. */
function pathsOf({ keyFile, trustedSigners }: CommonOptions): Paths {
  return {
    ...choosePaths(),
    ...(keyFile !== undefined && { keyFile: resolve(keyFile) }),
    ...(trustedSigners !== undefined && { trustedSigners: resolve(trustedSigners) }),
  };
}
