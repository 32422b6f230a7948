import { describe, expect, it } from "vitest";
import type { WardPage, WardsPage } from "../src/api/types.ts";
import { condition, device, NOW, ward } from "../src/gallery/made.ts";
import { conditionChanges, districtReducer, parseId, seen, wardReducer } from "../src/live/reducers.ts";
import { EventParser, type StreamEvent, waitMs } from "../src/live/sse.ts";

describe("the event stream's text", () => {
  const all = (chunks: string[]) => {
    const parser = new EventParser();
    return chunks.flatMap((each) => parser.push(each));
  };
  const text =
    'retry: 1000\n\n: beat\n\nid: e:1\nevent: ward\ndata: {"a":\ndata: 1}\n\nid: e:2\nevent: reset\ndata: {}\n\n';
  const expected = [
    { id: "e:1", type: "ward", data: '{"a":\n1}' },
    { id: "e:2", type: "reset", data: "{}" },
  ];
  it("is the same however it is cut", () => {
    for (let at = 0; at <= text.length; at += 1) expect(all([text.slice(0, at), text.slice(at)])).toEqual(expected);
  });
  it("may end its lines in any of the three ways", () => {
    for (const end of ["\r\n", "\r"]) {
      const other = text.replaceAll("\n", end);
      for (let at = 0; at <= other.length; at += 1) {
        expect(all([other.slice(0, at), other.slice(at), ": end\n"])).toEqual(expected);
      }
    }
  });
  it("goes on from whole events only", () => {
    const parser = new EventParser("e:0");
    parser.push("id: e:1\nevent: ward\ndata: {}");
    expect(parser.lastId).toBe("e:0");
    parser.push("\n\n");
    expect(parser.lastId).toBe("e:1");
  });
});

describe("what an event makes of a page", () => {
  const event = (id: string, type: string, data: unknown): StreamEvent => ({ id, type, data: JSON.stringify(data) });
  const district: WardsPage = { now_ms: NOW, last_event_id: "e:5", wards: [ward({ id: "a" }), ward({ id: "b" })] };
  const page: WardPage = {
    now_ms: NOW,
    last_event_id: "e:5",
    ward: ward({ id: "a" }),
    devices: [device(), device({ id: "ups-2" })],
  };

  it("replaces the ward or the device that it tells of, and nothing else", () => {
    const outcome = districtReducer(district, event("e:6", "ward", ward({ id: "b", presence: "offline" })));
    expect(outcome).toMatchObject({
      page: { last_event_id: "e:6", wards: [{ id: "a" }, { id: "b", presence: "offline" }] },
    });
    expect(
      wardReducer(page, event("e:6", "device", { ward: "a", device: device({ id: "ups-2", reachable: false }) })),
    ).toMatchObject({
      page: {
        devices: [
          { id: "ups-1", reachable: true },
          { id: "ups-2", reachable: false },
        ],
      },
    });
  });
  it("is taken once, however often it comes", () => {
    const twice = event("e:5", "ward", ward({ id: "a", presence: "offline" }));
    expect(districtReducer(district, twice)).toBe("nothing");
    expect(wardReducer(page, twice)).toBe("nothing");
  });
  it("of another epoch is news, whatever its number", () => expect(seen("e:5", "f:1")).toBe(false));
  it("asks for the page again on reset, and for a ward or device that it does not know", () => {
    expect(districtReducer(district, event("e:6", "reset", {}))).toBe("reset");
    expect(districtReducer(district, event("e:6", "ward", ward({ id: "new" })))).toBe("reset");
    expect(wardReducer(page, event("e:6", "device", { ward: "a", device: device({ id: "new" }) }))).toBe("reset");
  });
  it("of another ward leaves this one as it is", () => {
    const outcome = wardReducer(page, event("e:6", "ward", ward({ id: "b" })));
    expect(outcome).toMatchObject({ page: { last_event_id: "e:6", ward: { id: "a" } } });
  });
  it("has an id with an epoch and a number", () => {
    expect(parseId("a1:b2:17")).toEqual({ epoch: "a1:b2", n: 17 });
    expect(parseId("nonsense")).toBeUndefined();
  });
});

it("tells conditions that came from those that went; a change of value is neither", () => {
  const before = ward({ conditions: [condition(), condition({ rule: "toner_low" })] });
  const after = ward({ conditions: [condition({ value: 3 }), condition({ rule: "printer_jam" })] });
  const { raised, cleared } = conditionChanges(before, after);
  expect(raised.map((each) => each.rule)).toEqual(["printer_jam"]);
  expect(cleared.map((each) => each.rule)).toEqual(["toner_low"]);
});

it("waits longer after each failed try, but never long, and not in step with others", () => {
  expect([1, 2, 3, 4, 5, 9].map((each) => waitMs(each, 0.5))).toEqual([1000, 2000, 4000, 8000, 15000, 15000]);
  expect(waitMs(1, 0)).toBe(750);
  expect(waitMs(1, 1)).toBe(1250);
});
