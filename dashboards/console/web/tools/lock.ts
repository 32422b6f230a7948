/** Leaves addresses out of package-lock.json: `npm ci` asks the registry that this machine is set up with. */
import { readFileSync, writeFileSync } from "node:fs";

const LOCK = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(LOCK, "utf8"));
for (const entry of Object.values<Record<string, unknown>>(lock.packages)) {
  delete entry.resolved;
  delete entry.funding;
}
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
