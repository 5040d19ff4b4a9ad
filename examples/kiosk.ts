import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckpointConstructor } from "rehome";

/** A checkpoint of one's own: makes the first console show a page, and start again when it is closed. */
export const ConfigureKiosk: CheckpointConstructor<{ readonly url: string }> = {
  summary: "Show one page on the first console",
  arguments: {
    type: "object",
    required: ["url"],
    properties: { url: { type: "string", pattern: "^https?://[^\\s\"']+$" } },
    additionalProperties: false,
  },
  provides: {
    kiosk: { type: "object", required: ["url"], properties: { url: { type: "string" } }, additionalProperties: false },
  },
  create: ({ url }) => ({
    plan: [`show ${url} on tty1`],
    async run({ root, data, log }) {
      const directory = join(root, "etc/systemd/system");
      mkdirSync(join(directory, "getty@tty1.service.d"), { recursive: true });
      writeFileSync(
        join(directory, "getty@tty1.service.d/kiosk.conf"),
        `[Service]\nExecStart=\nExecStart=/usr/bin/w3m '${url.replaceAll("%", "%%")}'\nStandardInput=tty\nStandardOutput=tty\nRestart=always\n`,
      );
      data.set("kiosk", { url });
      log(`tty1 shows ${url}`);
    },
  }),
};
