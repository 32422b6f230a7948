import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { galleryPage, licences, packedCopies } from "./tools/packing.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const BACK_END = process.env.WARDWATCH_CONSOLE ?? "http://127.0.0.1:8099";

export default defineConfig({
  root: here("."),
  resolve: { alias: { "@telemetry-texts": here("../../../telemetry/texts"), "@console-words": here("../words") } },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: BACK_END } },
    fs: { allow: [here("."), here("../words"), here("../../../telemetry/texts")] },
  },
  plugins: [galleryPage(), packedCopies(), licences(here("."))],
  build: {
    outDir: here("../static"),
    emptyOutDir: true,
    target: "es2022",
    manifest: "manifest.json",
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: { input: { console: here("index.html"), gallery: here("gallery.html") } },
  },
});
