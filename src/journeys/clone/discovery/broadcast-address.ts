/** The address that reaches all hosts of an IPv4 net; undefined where a net is too small to have one. */
export function broadcastAddress(address: string, netmask: string): string | undefined {
  const [host, mask] = [numberOf(address), numberOf(netmask)];
  const hostBits = ~mask >>> 0;
  if (hostBits < 3) return undefined;
  const all = (host | hostBits) >>> 0;
  return [24, 16, 8, 0].map((shift) => (all >>> shift) & 255).join(".");
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
}
