import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Has the system of a tree run `program` once, after the units `after` and before its first serial port asks who logs in. */
export function addConsoleService(tree: string, path: string, program: string, after: string): void {
  const name = `${path.slice(path.lastIndexOf("/") + 1)}.service`;
  const unit = `[Unit]
After=${after}
Before=serial-getty@ttyS0.service
[Service]
Type=oneshot
ExecStart=${path}
[Install]
WantedBy=multi-user.target
`;
  const wanted = join(tree, "etc/systemd/system/multi-user.target.wants");
  mkdirSync(wanted, { recursive: true });
  writeFileSync(join(tree, path), program, { mode: 0o755 });
  writeFileSync(join(tree, "etc/systemd/system", name), unit);
  symlinkSync(`../${name}`, join(wanted, name));
}
