import type { Shell } from "../definition/index.ts";
import { bashScript } from "./bash-script.ts";
import { fishScript } from "./fish-script.ts";
import { zshScript } from "./zsh-script.ts";

/**
 * Scripts that make shells complete the command line of rehome. They hold no knowledge of it: they ask `rehome __complete`,
 * so that what is completed is what is parsed.
 */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};
