const slackBytes = 64;

/**
 * Gives memory back at once instead of when the collector comes by. Only memory that is `bytes`' alone (with at most 64 bytes
 * to spare behind it): parts of a larger buffer, such as Node's pool or a batch, are left to the collector. `bytes` is empty after.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = bytes;
  const isWhole = byteOffset === 0 && byteLength > 0 && buffer.byteLength <= byteLength + slackBytes;
  if (isWhole && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
