/** Fails when the first load carries more than 150 kB of compressed script (CONSOLE "Material"). Run after a build. */
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Chunk {
  file: string;
  imports?: string[];
}

const MOST_BYTES = 150_000;
const STATIC = fileURLToPath(new URL("../../static/", import.meta.url));
const manifest: Record<string, Chunk> = JSON.parse(readFileSync(`${STATIC}manifest.json`, "utf8"));

const first = new Set<string>();
const visit = (name: string): void => {
  const chunk = manifest[name];
  if (!chunk || first.has(chunk.file)) return;
  first.add(chunk.file);
  for (const next of chunk.imports ?? []) visit(next);
};
visit("index.html");
first.add("start.js");

// gzip, the larger of the two packings: what the oldest browser loads.
const bytes = [...first].reduce((total, file) => total + statSync(`${STATIC}${file}.gz`).size, 0);
console.log(
  `first load: ${(bytes / 1000).toFixed(1)} kB of script in ${first.size} files (at most ${MOST_BYTES / 1000})`,
);
if (first.size < 2 || bytes > MOST_BYTES) process.exit(1);
