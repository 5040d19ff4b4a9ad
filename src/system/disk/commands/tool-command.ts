/** A program of this host and exactly what it is given; nothing of it goes through a shell. */
export interface ToolCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
  /** Default: ten minutes. */
  readonly timeoutMs?: number;
}
