import { describe, expect, it } from "vitest";
import { device, NOW, readings, ward } from "../src/gallery/made.ts";
import { lineState } from "../src/words/lines.ts";

const line = (values: Record<string, number>, of = {}) =>
  lineState({ device: device({ kind: "uplink", readings: readings(values), ...of }), ward: ward(), now: NOW });

describe("a line to the city", () => {
  it("is cut when its measurement says so, or nothing answers", () => {
    expect(line({ line_up: 0, line_active: 1 })).toBe("cut");
    expect(line({ line_up: 1 }, { reachable: false })).toBe("cut");
  });
  it("carries the traffic or waits", () => {
    expect(line({ line_up: 1, line_active: 1 })).toBe("active");
    expect(line({ line_up: 1, line_active: 0 })).toBe("waiting");
  });
  it("is merely up where nobody tells which line is used, and unknown before its first values", () => {
    expect(line({ line_up: 1 })).toBe("up");
    expect(line({ rtt_seconds: 0.004 })).toBe("up");
    expect(line({})).toBe("unknown");
  });
});
