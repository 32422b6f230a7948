import { mergeConfig } from "vitest/config";
import base from "./vite.config.ts";

export default mergeConfig(base, { plugins: [], test: { environment: "node", include: ["tests/**/*.test.ts"] } });
