/** What a stream's event makes of a page: pure, so that losing and doubling can be tested without a network. */
import type { Condition, Device, Ward, WardPage, WardsPage } from "../api/types.ts";
import type { StreamEvent } from "./sse.ts";

export interface EventId {
  epoch: string;
  n: number;
}

export function parseId(id: string): EventId | undefined {
  const at = id.lastIndexOf(":");
  const n = Number(id.slice(at + 1));
  return at < 0 || !Number.isSafeInteger(n) ? undefined : { epoch: id.slice(0, at), n };
}

/** Whether an event of this id was already seen: same epoch and not after the last one. */
export function seen(lastId: string, id: string): boolean {
  const last = parseId(lastId);
  const next = parseId(id);
  return last !== undefined && next !== undefined && last.epoch === next.epoch && next.n <= last.n;
}

export type Outcome<P> = { page: P } | "reset" | "nothing";

export type Reducer<P> = (page: P, event: StreamEvent) => Outcome<P>;

export const districtReducer: Reducer<WardsPage> = (page, event) => {
  if (event.type === "reset") return "reset";
  if (seen(page.last_event_id, event.id)) return "nothing";
  const next = { ...page, last_event_id: event.id };
  if (event.type !== "ward") return { page: next };
  const ward = JSON.parse(event.data) as Ward;
  // A ward that the page has never seen was enrolled meanwhile: the page is asked for again, to have its order.
  if (!page.wards.some((each) => each.id === ward.id)) return "reset";
  return { page: { ...next, wards: page.wards.map((each) => (each.id === ward.id ? ward : each)) } };
};

export const wardReducer: Reducer<WardPage> = (page, event) => {
  if (event.type === "reset") return "reset";
  if (seen(page.last_event_id, event.id)) return "nothing";
  const next = { ...page, last_event_id: event.id };
  if (event.type === "ward") {
    const ward = JSON.parse(event.data) as Ward;
    return ward.id === page.ward.id ? { page: { ...next, ward } } : { page: next };
  }
  if (event.type === "device") {
    const told = JSON.parse(event.data) as { ward: string; device: Device };
    if (told.ward !== page.ward.id) return { page: next };
    if (!page.devices.some((each) => each.id === told.device.id)) return "reset";
    return {
      page: { ...next, devices: page.devices.map((each) => (each.id === told.device.id ? told.device : each)) },
    };
  }
  return { page: next };
};

const key = (each: Condition) => `${each.device} ${each.rule} ${each.instance}`;

/** What was raised and what cleared between two states of a ward, for the polite announcement. */
export function conditionChanges(before: Ward, after: Ward): { raised: Condition[]; cleared: Condition[] } {
  const old = new Set(before.conditions.map(key));
  const fresh = new Set(after.conditions.map(key));
  return {
    raised: after.conditions.filter((each) => !old.has(key(each))),
    cleared: before.conditions.filter((each) => !fresh.has(key(each))),
  };
}
