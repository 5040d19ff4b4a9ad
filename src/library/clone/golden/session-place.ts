/** Where the state of a session lies. */
export function sessionDirectory(stateDirectory: string, session: string): string {
  return `${stateDirectory}/clone/${session}`;
}

/** The file that is there as long as a session is not over. */
export function sessionStatePath(stateDirectory: string, session: string): string {
  return `${sessionDirectory(stateDirectory, session)}/session`;
}
