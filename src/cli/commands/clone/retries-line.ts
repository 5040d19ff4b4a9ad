/** Says that frames came twice, if any did. */
export function retriesLine(retries: number): string[] {
  return retries > 0 ? [`${retries} frames had to be asked for again`] : [];
}
