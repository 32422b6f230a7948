import { describe, expect, it } from "vitest";
import { ACK_EVERY_MS, AckPacer } from "../src/picture/acks.ts";
import { ageMs, BLOCKS, clockOf, DAY_MS } from "../src/picture/clock-row.ts";
import { type Buffered, keepUp, TARGET_SECONDS } from "../src/picture/edge.ts";
import { LagMeter } from "../src/picture/lag.ts";
import { retryMs } from "../src/picture/link.ts";
import { Pacer } from "../src/picture/pacing.ts";
import { ackOf, codecOf, type Frame, framesOf, noteOf, RecordError, segmentOf } from "../src/picture/records.ts";
import { conditionOf, type Facts, SLOW_AFTER_MS, STALLED_AFTER_MS } from "../src/picture/state.ts";

/** A record as telemetry/live.py packs it (">IBBHIQ" and the unit), written out by hand. */
function record(sequence: number, timestampUs: number, flags: number, data: number[]): number[] {
  const bytes = new Uint8Array(20 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 16 + data.length);
  view.setUint8(4, 1);
  view.setUint8(5, flags);
  view.setUint32(8, sequence);
  view.setBigUint64(12, BigInt(timestampUs));
  bytes.set(data, 20);
  return [...bytes];
}
const buffer = (bytes: number[]): ArrayBuffer => new Uint8Array(bytes).buffer;

describe("the records of a message", () => {
  it("are read one after the other, with times beyond 32 bits", () => {
    const frames = framesOf(buffer([...record(7, 2 ** 40, 1, [1, 2, 3]), ...record(0xffffffff, 5, 2, [9])]));
    expect(frames.map(({ data, ...rest }) => ({ ...rest, data: [...data] }))).toEqual([
      { sequence: 7, timestampUs: 2 ** 40, keyframe: true, droppedBefore: false, data: [1, 2, 3] },
      { sequence: 0xffffffff, timestampUs: 5, keyframe: false, droppedBefore: true, data: [9] },
    ]);
  });
  it("are refused wherever they are cut off, and in another version", () => {
    const whole = [...record(1, 1, 1, [1, 2, 3]), ...record(2, 2, 0, [4])];
    const ends = [record(1, 1, 1, [1, 2, 3]).length, whole.length];
    for (let end = 1; end < whole.length; end += 1) {
      if (!ends.includes(end)) expect(() => framesOf(buffer(whole.slice(0, end))), `${end}`).toThrow(RecordError);
    }
    const other = record(1, 1, 1, [1]);
    other[4] = 2;
    expect(() => framesOf(buffer(other))).toThrow(/version 2/);
    expect(() => framesOf(buffer(record(1, 1, 1, [])))).toThrow(RecordError);
  });
  it("are acknowledged with five bytes", () => expect([...ackOf(0x01020304)]).toEqual([1, 1, 2, 3, 4]));
});

describe("what else comes over the socket", () => {
  it("is a segment with its number and whether it begins a stream", () => {
    const { sequence, init, data } = segmentOf(buffer([0, 0, 1, 0, 0, 0, 0, 3, 77, 78]));
    expect({ sequence, init, data: [...data] }).toEqual({ sequence: 256, init: true, data: [77, 78] });
    expect(() => segmentOf(buffer([0, 0, 1, 0, 0, 0, 0, 1]))).toThrow(RecordError);
  });
  it("is a note; anything else is refused", () => {
    expect(noteOf('{"type":"trouble","reason":"no_answer"}')).toMatchObject({ type: "trouble", reason: "no_answer" });
    for (const each of ["", "null", "[]", '{"type":"dance"}']) expect(() => noteOf(each)).toThrow(RecordError);
  });
  it("names its codec in the parameter set, whichever start code stands before it", () => {
    const sps = [0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9];
    expect(codecOf(new Uint8Array([0, 0, 0, 1, 9, 240, 0, 0, 0, 1, ...sps, 0, 0, 1, 0x65, 1]))).toBe("avc1.64001f");
    expect(codecOf(new Uint8Array([0, 0, 1, ...sps]))).toBe("avc1.64001f");
    expect(codecOf(new Uint8Array([0, 0, 1, 0x41, 1, 2, 3, 4, 5]))).toBe("");
  });
});

describe("acknowledgements", () => {
  it("go out at once, then at most every tenth of a second, and always the newest", () => {
    const pacer = new AckPacer();
    const sent: number[] = [];
    for (let ms = 0; ms < 1000; ms += 10) {
      pacer.processed(ms);
      const sequence = pacer.take(ms);
      if (sequence !== undefined) sent.push(sequence);
    }
    expect(sent).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(pacer.dueInMs(995)).toBe(ACK_EVERY_MS - 95);
    expect(pacer.take(1000)).toBe(990);
    expect(pacer.dueInMs(1000)).toBeUndefined();
  });
  it("owe nothing to the connection before", () => {
    const pacer = new AckPacer();
    pacer.processed(5);
    pacer.reset();
    expect(pacer.take(0)).toBeUndefined();
  });
});

const frame = (ms: number): Frame => ({
  sequence: ms,
  timestampUs: ms * 1000,
  keyframe: false,
  droppedBefore: false,
  data: new Uint8Array(1),
});

describe("a tile's batches", () => {
  /** Four frames a message, 40 ms apart, as told by `arrives`; the longest wait between frames decoded from 1 s on. */
  function play(arrives: (batch: number) => number) {
    const pacer = new Pacer();
    const shown: [number, number][] = [];
    let batch = 0;
    for (let now = 0; now < 4000; now += 4) {
      while (arrives(batch) <= now) {
        pacer.push(
          [0, 40, 80, 120].map((each) => frame(batch * 160 + each)),
          now,
        );
        batch += 1;
      }
      for (const each of pacer.take(now)) shown.push([each.sequence, now]);
    }
    const steady = shown.filter(([, now]) => now >= 1000);
    const gaps = steady.slice(1).map(([, now], at) => now - (steady[at]?.[1] ?? now));
    const late = steady.map(([ms, now]) => now - ms);
    return { shown, longest: Math.max(...gaps), latest: Math.max(...late) };
  }
  it("play evenly, not four frames at once", () => {
    const { shown, longest, latest } = play((batch) => batch * 160 + 120);
    expect(longest).toBeLessThanOrEqual(44);
    expect(latest).toBeLessThanOrEqual(130);
    expect(shown.map(([ms]) => ms)).toEqual(shown.map((_, at) => at * 40));
  });
  it("play evenly over a line that shakes", () => {
    const { longest, latest } = play((batch) => batch * 160 + 120 + ((batch * 7) % 4) * 10);
    expect(longest).toBeLessThanOrEqual(80);
    expect(latest).toBeLessThanOrEqual(170);
  });
  it("after a pause are caught up with, not played late for ever", () => {
    const { latest, shown } = play((batch) => (batch >= 3 && batch < 15 ? 2500 : batch * 160 + 120));
    const end = shown.filter(([, now]) => now > 3500).map(([ms, now]) => now - ms);
    expect(Math.max(...end)).toBeLessThanOrEqual(400);
    expect(latest).toBeGreaterThan(1000);
  });
  it("of one frame are a stream that is not batched: each at once", () => {
    const pacer = new Pacer();
    for (const ms of [0, 40, 300, 90_000]) {
      pacer.push([frame(ms)], ms + 17);
      expect(pacer.take(ms + 17)).toHaveLength(1);
    }
  });
});

describe("a live picture", () => {
  const facts = (part: Partial<Facts> = {}): Facts => ({
    paused: false,
    openedMs: 0,
    frameMs: null,
    trouble: null,
    lostMs: null,
    ...part,
  });
  const trouble = { reason: "wrong_credentials", detail: "401", sinceMs: 500 };
  it("connects, and is slow only when something is wrong", () => {
    expect(conditionOf(facts(), SLOW_AFTER_MS - 1).state).toBe("connecting");
    expect(conditionOf(facts(), SLOW_AFTER_MS)).toMatchObject({ state: "stalled", sinceMs: null, reason: "no_frames" });
    expect(conditionOf(facts({ lostMs: 100 }), SLOW_AFTER_MS).reason).toBe("hub_lost");
  });
  it("plays while frames come, and stands since the last of them", () => {
    expect(conditionOf(facts({ frameMs: 5000 }), 5000 + STALLED_AFTER_MS - 1).state).toBe("playing");
    expect(conditionOf(facts({ frameMs: 5000 }), 5000 + STALLED_AFTER_MS)).toMatchObject({
      state: "stalled",
      sinceMs: 5000,
    });
  });
  it("says the trouble that it is told, since the last frame where there was one", () => {
    expect(conditionOf(facts({ trouble }), 600)).toEqual({
      state: "trouble",
      sinceMs: 500,
      reason: "wrong_credentials",
      detail: "401",
    });
    expect(conditionOf(facts({ trouble, frameMs: 200 }), 600).sinceMs).toBe(200);
  });
  it("keeps to its trouble over a short break, and tells of a long one instead", () => {
    expect(conditionOf(facts({ trouble, lostMs: 1000 }), 1000 + STALLED_AFTER_MS - 1).state).toBe("trouble");
    expect(conditionOf(facts({ trouble, lostMs: 1000 }), 1000 + STALLED_AFTER_MS)).toMatchObject({
      state: "stalled",
      reason: "hub_lost",
    });
  });
  it("that nobody looks at is paused, whatever else", () => {
    expect(conditionOf(facts({ paused: true, trouble, lostMs: 1 }), 90_000).state).toBe("paused");
  });
});

describe("the live edge of a buffer", () => {
  const at = (part: Partial<Buffered>): Buffered => ({ currentTime: 10, start: 5, end: 10.1, oldest: 5, ...part });
  it("is kept with a tenth of a second", () => expect(keepUp(at({}))).toEqual({ rate: 1 }));
  it("is gone back to a little faster or slower", () => {
    expect(keepUp(at({ end: 10.3 })).rate).toBeGreaterThan(1);
    expect(keepUp(at({ end: 10.03 })).rate).toBeLessThan(1);
    expect(keepUp(at({ end: 10.3 })).seekTo).toBeUndefined();
  });
  it("is jumped to from far behind, from before a hole, and from the end of a time that is no more", () => {
    expect(keepUp(at({ end: 13 })).seekTo).toBeCloseTo(13 - TARGET_SECONDS);
    expect(keepUp(at({ start: 12, end: 12.05 })).seekTo).toBe(12);
    expect(keepUp(at({ currentTime: 90, start: 0, end: 0.4 })).seekTo).toBeCloseTo(0.3);
  });
  it("throws away what was seen long ago, and never what is to be seen", () => {
    expect(keepUp(at({ oldest: 1 })).removeBefore).toBeUndefined();
    const { removeBefore } = keepUp(at({ currentTime: 50, end: 50.1, start: 0, oldest: 0 }));
    expect(removeBefore).toBeGreaterThan(0);
    expect(removeBefore).toBeLessThan(50);
  });
});

describe("how late a picture is", () => {
  it("is measured against its own best, whatever the camera's clock says", () => {
    const meter = new LagMeter();
    meter.shown(9_000_000_000, 1000);
    expect(meter.shown(9_000_040_000, 1040)).toBeCloseTo(0, 1);
    expect(meter.shown(9_000_080_000, 2580)).toBeCloseTo(1500, 0);
  });
  it("begins anew with a camera's clock that does", () => {
    const meter = new LagMeter();
    meter.shown(9_000_000_000, 1000);
    expect(meter.shown(0, 1040)).toBe(0);
    expect(meter.shown(40_000, 1080)).toBeCloseTo(0, 1);
  });
});

describe("the burned-in clock", () => {
  /** As simulator/scene/clock_code.py draws it. */
  function levels(ms: number): number[] {
    const gray = ms ^ (ms >> 1);
    const data = Array.from({ length: 27 }, (_, at) => (gray >> (26 - at)) & 1);
    const checks = Array.from({ length: 5 }, (_, c) => {
      return data.filter((bit, at) => at % 5 === c && bit).length % 2 === 0 ? 1 : 0;
    });
    return [...data, ...checks].map((bit) => (bit ? 230 : 20));
  }
  it("is read back", () => {
    for (const ms of [0, 1, 12_345_678, DAY_MS - 1]) expect(clockOf(levels(ms))).toBe(ms);
  });
  it("is nothing in a picture without one, or with one block wrong", () => {
    expect(clockOf(Array(BLOCKS).fill(0))).toBeUndefined();
    expect(clockOf(Array(BLOCKS).fill(255))).toBeUndefined();
    const spoiled = levels(12_345_678);
    for (let at = 0; at < BLOCKS; at += 1) {
      expect(clockOf(spoiled.map((each, block) => (block === at ? 250 - each : each))), `${at}`).toBeUndefined();
    }
  });
  it("ages over midnight, and a clock ahead of ours has a negative age", () => {
    expect(ageMs(DAY_MS - 20, DAY_MS * 7 + 30)).toBe(50);
    expect(ageMs(30, DAY_MS * 7 + 20)).toBe(-10);
  });
});

it("waits between half a second and five before it connects again", () => {
  expect([1, 2, 3, 4, 5, 20].map((each) => retryMs(each, 1))).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
  expect(retryMs(1, 0)).toBe(400);
});
