import { describe, expect, it } from "vitest";
import { condition, device, MINUTE, NOW, readings, ward } from "../src/gallery/made.ts";
import { deviceAnswer, wardAnswer } from "../src/words/sentences.ts";
import { byNeed, healthOf, isOld, natural, oldAfterMs, valueIn, wardHealth, wardNeedsYou } from "../src/words/state.ts";

const seen = (part = {}, of = {}) => ({ device: device(part), ward: ward(of), now: NOW });

describe("a value that is old never looks new", () => {
  it("is old after three intervals", () => {
    expect(oldAfterMs(device({ interval_seconds: 300 }))).toBe(900_000);
  });
  it("is not old before 150 s, because an unchanged value is written every 60 s", () => {
    expect(oldAfterMs(device({ interval_seconds: 3 }))).toBe(150_000);
    expect(isOld(NOW - 149_000, seen({ interval_seconds: 3 }))).toBe(false);
    expect(isOld(NOW - 151_000, seen({ interval_seconds: 3 }))).toBe(true);
  });
  it("is old at once when its ward or its device cannot be heard", () => {
    expect(isOld(NOW, seen({}, { presence: "offline" }))).toBe(true);
    expect(isOld(NOW, seen({ reachable: false }))).toBe(true);
  });
  it("is told apart value by value", () => {
    const late = { ...seen({ readings: [...readings({ a: 1 }), ...readings({ b: 2 }, NOW - 9 * MINUTE)] }) };
    expect(valueIn(late, "a")?.old).toBe(false);
    expect(valueIn(late, "b")?.old).toBe(true);
    expect(valueIn(late, "c")).toBeUndefined();
  });
});

describe("a device's health", () => {
  it("is not known before the first poll", () => expect(healthOf(seen({ reachable: null }))).toBe("unpolled"));
  it("is the ward's silence before anything else that was known", () => {
    const conditions = [condition({ severity: "failure" })];
    expect(healthOf(seen({ reachable: false }, { presence: "offline", conditions }))).toBe("ward_offline");
  });
  it("is unreachable when it does not answer", () => expect(healthOf(seen({ reachable: false }))).toBe("unreachable"));
  it("is stale when it counts as answering but its values are old", () => {
    expect(healthOf(seen({ last_reading_ms: NOW - 10 * MINUTE }))).toBe("stale");
  });
  it("is the worst of its own conditions", () => {
    const conditions = [
      condition({ rule: "toner_low" }),
      condition({ severity: "failure" }),
      condition({ device: "ups-2", severity: "failure" }),
    ];
    expect(healthOf(seen({}, { conditions }))).toBe("failure");
    expect(healthOf(seen({ id: "printer-1" }, { conditions }))).toBe("ok");
  });
  it("is partial when only some of it could be read", () => {
    expect(healthOf(seen({ reason: { code: "partial_answer", detail: "" } }))).toBe("partial");
  });
});

describe("wards by need", () => {
  it("puts failures first, then attention, then what is not known, then what works", () => {
    const wards = [
      ward({ id: "well" }),
      ward({ id: "never", presence: "never", last_word_ms: null }),
      ward({ id: "behind", last_word_ms: NOW - 20 * MINUTE }),
      ward({ id: "attention", worst: "attention", conditions: [condition()] }),
      ward({ id: "silent", presence: "offline", offline_since_ms: NOW - 5 * MINUTE }),
      ward({ id: "failing", worst: "failure", conditions: [condition({ severity: "failure" })] }),
    ];
    expect(byNeed(wards, NOW).map(({ id }) => id)).toEqual([
      "failing",
      "silent",
      "attention",
      "behind",
      "never",
      "well",
    ]);
  });
  it("keeps the configuration's order among equals", () => {
    const wards = ["c", "a", "b"].map((id) => ward({ id }));
    expect(byNeed(wards, NOW).map(({ id }) => id)).toEqual(["c", "a", "b"]);
  });
  it("counts roots of trouble, not what they brought about", () => {
    const failure = (part: object) => condition({ severity: "failure", ...part });
    const oneCause = [
      failure({ device: "switch-1" }),
      ...["a", "b"].map((each) => failure({ device: each, cause_device: "switch-1" })),
    ];
    const two = [failure({ device: "x" }), failure({ device: "y" })];
    const wards = [
      ward({ id: "one", worst: "failure", conditions: oneCause }),
      ward({ id: "two", worst: "failure", conditions: two }),
    ];
    expect(byNeed(wards, NOW).map(({ id }) => id)).toEqual(["two", "one"]);
  });
  it("does not call an information a need", () => {
    expect(wardNeedsYou(ward({ worst: "info" }))).toBe(false);
    expect(wardNeedsYou(ward({ presence: "offline" }))).toBe(true);
  });
  it("does not say that a ward works whose news is old", () => {
    expect(wardHealth(ward({ last_word_ms: NOW - 3 * MINUTE }), NOW)).toBe("stale");
    expect(wardHealth(ward({ last_word_ms: NOW - 2 * MINUTE }), NOW)).toBe("ok");
  });
});

it("counts ports as people do", () => {
  expect(["gi10", "gi2", "gi1"].sort(natural)).toEqual(["gi1", "gi2", "gi10"]);
});

describe("a silent device that people switch off", () => {
  const silent = device({ id: "kiosk-1", kind: "kiosk", reachable: false });

  it("is off while nobody misses it", () => {
    expect(healthOf({ device: silent, ward: ward(), now: NOW })).toBe("off");
    expect(deviceAnswer({ device: silent, ward: ward(), now: NOW }, [silent]).first).toContain("đang tắt");
    expect(wardAnswer(ward(), [silent, device()], NOW).health).toBe("ok");
  });

  it("is missed as soon as the ward's rules say so", () => {
    const missed = condition({ device: "kiosk-1", device_kind: "kiosk", rule: "unreachable" });
    expect(healthOf({ device: silent, ward: ward({ conditions: [missed] }), now: NOW })).toBe("unreachable");
  });

  it("is no UPS, which must answer day and night", () => {
    expect(healthOf({ device: device({ reachable: false }), ward: ward(), now: NOW })).toBe("unreachable");
  });
});
