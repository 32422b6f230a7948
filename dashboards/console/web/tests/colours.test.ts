import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const css = readFileSync(join(import.meta.dirname, "../src/styles/tokens.css"), "utf8");

function block(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  const body = css.slice(start, css.indexOf("}", start));
  return Object.fromEntries([...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG 2.2, "contrast ratio". */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const lights = {
  light: block(":root"),
  "dark by the system": block(':root:not([data-theme="light"])'),
  "dark by choice": block(':root[data-theme="dark"]'),
};

describe.each(Object.entries(lights))("the colours in %s", (_name, colour) => {
  const of = (name: string) => colour[name] ?? "#missing";
  it("give text the contrast of AA on every ground it stands on", () => {
    for (const ground of ["page", "surface", "sunken"]) {
      for (const ink of ["ink", "ink-2", "ink-3"]) {
        expect(contrast(of(ink), of(ground)), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    for (const tone of ["attention", "failure", "info"]) {
      for (const ground of ["surface", "page", `${tone}-ground`]) {
        expect(contrast(of(tone), of(ground)), `${tone} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    expect(contrast(of("on-ink"), of("ink"))).toBeGreaterThanOrEqual(4.5);
  });
  it("give marks and the focus ring three to one", () => {
    for (const mark of ["failure-mark", "info-mark", "proven-mark", "mark", "focus"]) {
      expect(contrast(of(mark), of("surface")), mark).toBeGreaterThanOrEqual(3);
    }
  });
});

it("is the same dark by the system and by choice", () => {
  expect(lights["dark by choice"]).toEqual(lights["dark by the system"]);
});
