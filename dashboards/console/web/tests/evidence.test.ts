import { beforeEach, describe, expect, it } from "vitest";
import { coverage, DAY, gap, NOW } from "../src/gallery/made.ts";
import { setLanguage } from "../src/live/preferences.ts";
import { clockWords, daysShown, forecastWords, verdictWords } from "../src/words/evidence.ts";

beforeEach(() => setLanguage("vi"));

const states = (of: ReturnType<typeof coverage>) => daysShown(of, NOW).map(({ state }) => state);

describe("the days of a strip", () => {
  it("end today, oldest first, weekends closed", () => {
    const days = daysShown(coverage(), NOW);
    expect(days).toHaveLength(30);
    expect(days.at(-1)).toMatchObject({ date: "24/11", state: "full", today: true });
    expect(days[0]?.date).toBe("26/10");
    expect(days.filter(({ state }) => state === "closed").map(({ date }) => date)).toEqual([
      "31/10",
      "01/11",
      "07/11",
      "08/11",
      "14/11",
      "15/11",
      "21/11",
      "22/11",
    ]);
  });
  it("tell apart what is short, what is missing, and what records only on motion", () => {
    const found = states(
      coverage({}, { 4: { open_percent: 98.9 }, 5: { open_percent: 0 }, 6: { open_percent: 40, motion_only: true } }),
    );
    expect(found.slice(23, 26)).toEqual(["motion", "missing", "partial"]);
  });
  it("are no failure before a young camera was there", () => {
    const young = coverage(
      { verdict: "not_yet_provable", oldest_ms: NOW - 1 * DAY },
      { 4: { open_percent: 0 }, 5: { open_percent: 0 } },
    );
    expect(states(young)[25]).toBe("before");
    expect(states(young)[29]).toBe("full");
  });
  it("are days of which nothing is known where nothing is", () => {
    expect(new Set(states(coverage({ verdict: "unknown", days: [] })))).toEqual(new Set(["unknown"]));
    expect(daysShown(coverage({ verdict: "unknown", days: [] }), NOW)).toHaveLength(30);
  });
  it("have the gaps that touch them, also one over midnight in both", () => {
    const days = daysShown(coverage({ gaps: [gap(4, 23, 120)] }), NOW);
    expect(days.map(({ gaps }) => gaps.length).filter(Boolean)).toEqual([1, 1]);
  });
});

describe("a verdict", () => {
  it("says first what an auditor asks", () => {
    expect(verdictWords(coverage(), NOW).what).toBe("Giữ đủ 30 ngày");
    const two = coverage({ verdict: "not_met" }, { 4: { open_percent: 73 }, 11: { open_percent: 0 } });
    expect(verdictWords(two, NOW).what).toBe("Thiếu 2 ngày: 13/11, 20/11");
    const many = Object.fromEntries([13, 14, 15, 18, 19].map((ago) => [ago, { open_percent: 0 }]));
    expect(verdictWords(coverage({ verdict: "not_met" }, many), NOW).what).toBe("Thiếu 5 ngày");
    expect(verdictWords(coverage({ verdict: "not_met" }), NOW).what).toBe("Chưa chứng minh được đủ 30 ngày");
    const young = verdictWords(coverage({ verdict: "not_yet_provable", oldest_ms: NOW - 9 * DAY }), NOW);
    expect(young).toMatchObject({ what: "Chưa đủ 30 ngày để chứng minh", tone: "plain" });
    expect(young.more).toBe("Bắt đầu ghi lúc 09:30 15/11/2026; đến 15/12 mới đủ.");
    expect(verdictWords(coverage({ verdict: "motion_only" }), NOW).tone).toBe("attention");
    expect(verdictWords(coverage({ verdict: "unknown", reason: "no_answer" }), NOW).more).not.toBe("");
  });
  it("has its forecast and the recorder's clock beside it", () => {
    expect(forecastWords(coverage(), NOW)).toEqual({ words: "Ổ đĩa đủ giữ khoảng 42 ngày", bad: false });
    expect(forecastWords(coverage({ kept_days: null }), NOW)).toBeUndefined();
    expect(forecastWords(coverage({ kept_days: 33, short_on: "2026-12-20" }), NOW)?.words).toContain("từ 20/12");
    expect(forecastWords(coverage({ kept_days: 12.4, short_on: "2026-11-06" }), NOW)?.words).toContain("chỉ đủ");
    expect([clockWords(null), clockWords(0.4), clockWords(-184)]).toEqual(["", "", "Đồng hồ đầu ghi chậm 3 phút"]);
  });
});
