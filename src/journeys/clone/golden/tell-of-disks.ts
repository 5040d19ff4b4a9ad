import type { ControlConnection } from "../control/control-connection.ts";
import type { GoldenParts } from "./golden-parts.ts";

/** Tells a node that looks how disks are to be divided, once that is known, or why it cannot be. */
export async function tellOfDisks(connection: ControlConnection, disk: GoldenParts["disk"]): Promise<void> {
  await disk().then(
    (order) => connection.send({ kind: "disk", ...order }),
    (error: Error) => connection.send({ kind: "refuse", code: "disk", reason: error.message }),
  );
}
