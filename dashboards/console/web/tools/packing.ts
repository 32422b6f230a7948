/** What the build does beyond Vite's own: packed copies of each file, and the licences of what is inside. */
import { readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const PACKED = new Set([".js", ".css", ".html", ".svg", ".json", ".txt"]);
const CONTENTS = ["lit", "lit-html", "lit-element", "@lit/reactive-element", "uplot", "lucide-static"];
const FONT = "@fontsource/be-vietnam-pro";

/** Writes a .br and a .gz beside every text file, so that the server packs nothing while people wait. */
export function packedCopies(): Plugin {
  let folder = "";
  return {
    name: "packed-copies",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !PACKED.has(extname(entry.name))) continue;
        const path = join(entry.parentPath, entry.name);
        const raw = await readFile(path);
        await writeFile(`${path}.gz`, gzipSync(raw, { level: 9 }));
        await writeFile(`${path}.br`, brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    },
  };
}

/** In development /gallery is the page of every component in every state; a build has it as /gallery.html. */
export function galleryPage(): Plugin {
  return {
    name: "gallery-page",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use((request, _answer, next) => {
        if (request.url === "/gallery" || request.url?.startsWith("/gallery?")) request.url = "/gallery.html";
        next();
      });
    },
  };
}

/** Writes licences.txt: the licence of each library, icon and font that the built pages contain. */
export function licences(root: string): Plugin {
  let folder = "";
  return {
    name: "licences",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    writeBundle() {
      const texts = [...CONTENTS, FONT].map((name) => {
        const home = join(root, "node_modules", name);
        const { version, license } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
        return `${name} ${version} (${license})\n\n${readFileSync(join(home, "LICENSE"), "utf8").trim()}\n`;
      });
      writeFileSync(join(folder, "licences.txt"), texts.join(`\n${"-".repeat(80)}\n\n`));
    },
  };
}
