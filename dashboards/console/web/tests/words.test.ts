import { beforeEach, describe, expect, it } from "vitest";
import { condition, device, METRICS, MINUTE, NOW, ward } from "../src/gallery/made.ts";
import { setLanguage } from "../src/live/preferences.ts";
import { groupByCause } from "../src/words/causes.ts";
import { knowMetrics, where, whichOne } from "../src/words/metrics.ts";
import {
  changeWords,
  clause,
  deviceAnswer,
  districtAnswer,
  lower,
  wardAnswer,
  wardLine,
} from "../src/words/sentences.ts";

beforeEach(() => setLanguage("vi"));

const dead = (id: string, part = {}) =>
  condition({
    device: id,
    device_name: id,
    device_kind: "workstation",
    rule: "unreachable",
    severity: "failure",
    reason: { code: "no_answer", detail: "" },
    ...part,
  });

describe("causes before consequences", () => {
  it("puts what hangs on a dead switch inside it", () => {
    const causes = groupByCause([
      dead("pc-1", { cause_device: "switch-1" }),
      dead("switch-1", { since_ms: NOW }),
      dead("pc-2", { cause_device: "switch-1" }),
    ]);
    expect(causes).toHaveLength(1);
    expect(causes[0]?.root.device).toBe("switch-1");
    expect(causes[0]?.consequences.map((each) => each.device)).toEqual(["pc-1", "pc-2"]);
  });
  it("follows a chain up to the first cause", () => {
    const causes = groupByCause([
      dead("pc", { cause_device: "switch-2" }),
      dead("switch-2", { cause_device: "switch-1" }),
      dead("switch-1"),
    ]);
    expect(causes.map(({ root }) => root.device)).toEqual(["switch-1"]);
    expect(causes[0]?.consequences).toHaveLength(2);
  });
  it("does not lose a consequence whose cause is no longer open, nor hang on a circle", () => {
    expect(groupByCause([dead("pc", { cause_device: "gone" })]).map(({ root }) => root.device)).toEqual(["pc"]);
    const circle = groupByCause([dead("a", { cause_device: "b" }), dead("b", { cause_device: "a" })]);
    expect(circle.flatMap(({ root, consequences }) => [root, ...consequences])).toHaveLength(2);
  });
  it("names the farther reaching of two failures first", () => {
    const causes = groupByCause([
      dead("pc", { since_ms: 1 }),
      dead("switch-1"),
      dead("x", { cause_device: "switch-1" }),
    ]);
    expect(causes.map(({ root }) => root.device)).toEqual(["switch-1", "pc"]);
  });
});

describe("the district's first line", () => {
  const wards = [
    ward({ id: "a", worst: "attention" }),
    ward({ id: "b", presence: "offline" }),
    ...Array.from({ length: 10 }, (_, n) => ward({ id: `w${n}` })),
  ];
  it("says how many wards need the reader", () => {
    expect(districtAnswer(wards, NOW).first).toBe("2/12 phường cần bạn");
    setLanguage("en");
    expect(districtAnswer(wards, NOW).first).toBe("2 of 12 wards need you");
    expect(districtAnswer(wards.slice(1), NOW).first).toBe("1 of 11 wards needs you");
  });
  it("says that all is well only when it is", () => {
    expect(districtAnswer([ward(), ward({ id: "b" })], NOW).first).toBe("Cả 2 phường đều hoạt động tốt");
    const behind = districtAnswer([ward(), ward({ id: "b", last_word_ms: NOW - 9 * MINUTE })], NOW);
    expect(behind.first).toBe("Không phường nào cần bạn");
    expect(behind.next).toContain("1 phường chậm tin");
  });
  it("has words for an empty district", () => expect(districtAnswer([], NOW).first).toBe("Chưa có phường nào."));
});

describe("a ward's words", () => {
  it("name the cause and how many devices went with it", () => {
    const conditions = [dead("switch-2"), dead("pc", { cause_device: "switch-2" })];
    expect(wardLine(ward({ worst: "failure", conditions }), NOW)).toBe(
      "switch-2: không liên lạc được và 1 thiết bị nối vào đó.",
    );
  });
  it("say since when it is silent", () => {
    const silent = ward({ presence: "offline", offline_since_ms: NOW - 75 * MINUTE });
    expect(wardLine(silent, NOW)).toBe("Mất liên lạc từ 08:15.");
    expect(wardAnswer(silent, [], NOW).first).toBe("Phường Hải Châu 1 mất liên lạc từ 08:15");
  });
  it("do not praise old news", () => {
    const behind = ward({ last_word_ms: NOW - 34 * MINUTE, missing_positions: 1840 });
    expect(wardLine(behind, NOW)).toBe("Số liệu mới nhất lúc 08:56. Đang gửi bù 1.840 bản ghi.");
    expect(wardAnswer(behind, [device()], NOW).health).toBe("stale");
  });
});

describe("a device's first line", () => {
  const parent = device({ id: "switch-1", kind: "switch", name: "Switch 1" });
  const lost = {
    id: "cam-3",
    kind: "camera",
    name: "Camera 3",
    reachable: false,
    reachable_since_ms: NOW - 16 * MINUTE,
    parent: "switch-1",
    reason: { code: "no_answer", detail: "" },
  };
  const say = (part = {}, of = {}, up = parent) => {
    const it = device({ ...lost, ...part });
    return deviceAnswer({ device: it, ward: ward(of), now: NOW }, [up, it]);
  };
  it("tells since when, why, and to look at the device while its switch answers", () => {
    expect(say().first).toBe("Camera 3: không trả lời từ 09:14");
    expect(say().next).toBe(
      "Switch 1 vẫn trả lời, nên hãy xem chính thiết bị này. Kiểm tra nguồn điện và dây mạng của thiết bị.",
    );
  });
  it("sends the reader to a dead switch first", () => {
    expect(say({}, {}, { ...parent, reachable: false }).next).toContain("hãy xem Switch 1 trước");
  });
  it("names the port that went down at the same time", () => {
    const port = condition({ device: "switch-1", rule: "port_down", instance: "gi5", since_ms: NOW - 16 * MINUTE });
    expect(say({}, { conditions: [port] }).next).toContain("Cổng gi5 của Switch 1 mất kết nối cùng lúc (09:14)");
    const two = [port, { ...port, instance: "gi6" }];
    expect(say({}, { conditions: two }).next).not.toContain("cùng lúc");
  });
  it("says what is wrong and what to do", () => {
    const answer = deviceAnswer({ device: device(), ward: ward({ conditions: [condition()] }), now: NOW }, []);
    expect(answer).toEqual({
      health: "attention",
      first: "UPS Tủ mạng: đang chạy bằng pin từ 09:14",
      next: "Kiểm tra nguồn điện lưới.",
    });
  });
});

describe("a camera that sends other than its recorder is set to record", () => {
  const open = condition({ device: "cam-1", device_name: "Quầy 1", rule: "recorded_not_as_set" });
  const facts = [
    { name: "main_stream", text: "H.265 Main 4.0, 1920×1080" },
    { name: "recorder_setting", text: "H.264, 1920×1080, 12.5 fps, 4096 kbit/s" },
  ];
  const say = (of: typeof facts, rule = open.rule, value = 0) => {
    const readings = [{ metric: "recorded_as_set", instance: "", value, time_ms: NOW }];
    const camera = device({ id: "cam-1", kind: "camera", name: "Quầy 1", facts: of, readings });
    return deviceAnswer({ device: camera, ward: ward({ conditions: [{ ...open, rule }] }), now: NOW }, []).next;
  };
  it("says what differs, and then what to do", () => {
    const begin =
      "Đầu ghi được đặt ghi H.264, 1920\u00a0×\u00a01080, 12,5 hình/giây, 4096 kbit/s; camera gửi H.265 Main 4.0,";
    expect(say(facts)).toContain(`${begin} 1920\u00a0×\u00a01080. Đặt chuẩn nén`);
  });
  it("says so too where the camera's own settings differ as well", () => {
    expect(say(facts, "camera_stream_not_as_set")).toMatch(/^Đầu ghi được đặt ghi H\.264.* Kiểm tra chuẩn nén/);
  });
  it("says what to do where the facts are not there (any more), or the recorder takes what is sent", () => {
    expect(say([])).toMatch(/^Đặt chuẩn nén/);
    expect(say(facts, "camera_stream_not_as_set", 1)).toMatch(/^Kiểm tra chuẩn nén/);
  });
});

it("continues a sentence in small letters, but not an acronym", () => {
  expect(lower("Ổ đĩa sắp đầy")).toBe("ổ đĩa sắp đầy");
  expect(lower("Đang chạy")).toBe("đang chạy");
  expect(lower("UPS hỏng")).toBe("UPS hỏng");
});

it("says aloud what came and went, but no all-clear from a ward that is silent", () => {
  const change = { raised: [condition()], cleared: [condition({ rule: "toner_low", device_name: "Máy in" })] };
  expect(changeWords(ward(), change)).toEqual([
    "Phường Hải Châu 1: UPS Tủ mạng: đang chạy bằng pin",
    "Phường Hải Châu 1: đã hết – Máy in: sắp hết mực",
  ]);
  expect(changeWords(ward({ presence: "offline" }), change)).toHaveLength(1);
});

it("calls by its own name the metric that tells two conditions apart, and a port as the device does", () => {
  knowMetrics(METRICS);
  const low = { rule: "toner_low", device_name: "Máy in" };
  expect(clause(condition({ ...low, instance: "toner_black_percent" }))).toBe("Máy in: sắp hết mực (Mực đen)");
  expect(clause(condition({ ...low, instance: "gi5" }))).toContain("(gi5)");
});

describe("which of a device's parts", () => {
  it("is called by the name of the device that it is, where it is one", () => {
    expect(whichOne({ metric: "recording", instance: "cam-1" }, new Map([["cam-1", "Camera quầy 1"]]))).toBe(
      " · Camera quầy 1",
    );
    expect(whichOne({ metric: "port_up", instance: "gi5" }, new Map())).toBe(" · gi5");
    expect(where("cam-1", "Camera quầy 1")).toBe(" (Camera quầy 1)");
    expect(where("gi5")).toBe(" (gi5)");
  });
});
