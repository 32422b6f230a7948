import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "../src/texts/en.json";
import vi from "../src/texts/vi.json";

const SOURCE = join(import.meta.dirname, "../src");
const source = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("gallery"))
  .map((name) => readFileSync(join(SOURCE, name), "utf8"))
  .join("\n");

/** Keys made at run time: the start of each template, as it stands in the source. */
const made = [...source.matchAll(/`([a-z_]+(?:\.[a-z_]+)*\.)\$\{/g)].map((match) => match[1] ?? "");

const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();

describe("the catalogues", () => {
  it("have the same keys in the same order", () => expect(Object.keys(en)).toEqual(Object.keys(vi)));
  it("have the same holes in both languages, in each form", () => {
    for (const [key, text] of Object.entries(vi)) {
      for (const form of (en as Record<string, string>)[key]?.split("|") ?? []) {
        const known = new Set([...holes(text), "{n}"]);
        expect(
          holes(form).filter((each) => !known.has(each)),
          key,
        ).toEqual([]);
      }
      expect(text.trim(), key).not.toBe("");
    }
  });
  it("have every key that the pages use", () => {
    const used = [...source.matchAll(/\bt\(\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(used.length).toBeGreaterThan(60);
    expect(used.filter((key) => !(key in vi))).toEqual([]);
  });
  it("hold nothing that no page uses", () => {
    const idle = Object.keys(vi).filter(
      (key) => !source.includes(`"${key}"`) && !made.some((start) => key.startsWith(start)),
    );
    expect(idle).toEqual([]);
  });
  it("name no place by a title that the city no longer has: the district's label is a setting", () => {
    expect(Object.values(vi).filter((text) => /\b(quận|huyện)\b/i.test(text))).toEqual([]);
  });
});
