/** The first line of every page, in words. */
import type { Condition, Device, Ward } from "../api/types.ts";
import { groupByCause } from "./causes.ts";
import { moment, number } from "./format.ts";
import { where } from "./metrics.ts";
import {
  conditionsOf,
  type Health,
  healthOf,
  lastReadingMs,
  type Seen,
  wardHealth,
  wardIsBehind,
  wardNeedsYou,
} from "./state.ts";
import { conditionAdvice, conditionTitle, kindInSentence, reasonParts, t } from "./text.ts";

export interface Answer {
  health: Health | "never";
  /** The answer. */
  first: string;
  /** What to do, or what it rests on; may be empty. */
  next: string;
}

/** A title as the continuation of a sentence: "Máy in 1: kẹt giấy". */
export function lower(words: string): string {
  // "UPS …" stays as it is; "Ổ đĩa …" does not.
  return /^\p{Lu}{2}/u.test(words) ? words : words.charAt(0).toLowerCase() + words.slice(1);
}

export function districtAnswer(wards: readonly Ward[], now: number): Answer {
  const total = wards.length;
  if (total === 0) return { health: "unpolled", first: t("district.none"), next: t("district.none_then") };
  const needing = wards.filter(wardNeedsYou);
  const never = wards.filter((each) => each.presence === "never").length;
  const offline = wards.filter((each) => each.presence === "offline").length;
  const behind = wards.filter((each) => wardHealth(each, now) === "stale").length;
  const well = total - needing.length - never - behind;
  const next = [
    offline && t("district.offline", { n: offline }),
    behind && t("district.behind", { n: behind }),
    never && t("district.never", { n: never }),
    needing.length && well && t("district.well", { n: well }),
  ].filter(Boolean) as string[];
  if (needing.length) {
    const failure = needing.some((each) => each.presence === "offline" || each.worst === "failure");
    const first = t("district.needing", { n: needing.length, total });
    return { health: failure ? "failure" : "attention", first, next: next.join("\u00a0· ") };
  }
  if (well === 0) {
    const first = behind ? t("district.behind", { n: behind }) : t("district.all_never", { n: total });
    return { health: behind ? "stale" : "never", first, next: behind ? next.slice(1).join("\u00a0· ") : "" };
  }
  if (never + behind)
    return {
      health: "ok",
      first: t("district.none_needing"),
      next: [t("district.well", { n: well }), ...next].join("\u00a0· "),
    };
  return { health: "ok", first: t("district.all_well", { n: well }), next: next.join("\u00a0· ") };
}

/** One condition as a clause: "Máy in 1: kẹt giấy". */
export function clause(condition: Condition): string {
  const what = lower(conditionTitle(condition.rule));
  return condition.device
    ? `${condition.device_name}: ${what}${where(condition.instance, condition.instance_name)}`
    : conditionTitle(condition.rule);
}

/** A ward's line of words on the district page. */
export function wardLine(ward: Ward, now: number): string {
  if (ward.presence === "never") return t("ward.line_never");
  const causes = groupByCause(ward.conditions.filter((each) => each.device !== ""));
  const since = ward.offline_since_ms ?? ward.last_word_ms;
  const silent =
    ward.presence === "offline"
      ? since === null
        ? t("ward.line_offline")
        : t("ward.line_offline_since", { time: moment(since, now) })
      : "";
  const worst = causes[0];
  if (!silent && !worst && wardIsBehind(ward, now)) {
    return `${t("ward.line_behind", { time: moment(ward.last_word_ms ?? now, now) })}${catchingUp(ward)}`;
  }
  if (silent) return worst ? `${silent} ${t("ward.line_before", { what: clause(worst.root) })}` : silent;
  if (!worst) return `${t("ward.line_well", { n: ward.device_count })}${catchingUp(ward)}`;
  const hanging = new Set(worst.consequences.map((each) => each.device)).size;
  const tail = hanging ? t("ward.line_with", { n: hanging }) : "";
  return `${clause(worst.root)}${tail}.${catchingUp(ward)}`;
}

const catchingUp = (ward: Ward): string =>
  ward.missing_positions ? ` ${t("ward.line_missing", { n: number(ward.missing_positions) })}` : "";

export function wardAnswer(ward: Ward, devices: readonly Device[], now: number): Answer {
  const name = ward.name;
  if (ward.presence === "never")
    return { health: "never", first: t("ward.never", { name }), next: t("ward.never_then") };
  if (ward.presence === "offline") {
    const since = ward.offline_since_ms ?? ward.last_word_ms;
    const first =
      since === null ? t("ward.offline", { name }) : t("ward.offline_since", { name, time: moment(since, now) });
    return { health: "failure", first, next: t("ward.offline_then") };
  }
  if (devices.length === 0) return { health: "unpolled", first: t("ward.empty", { name }), next: t("ward.empty_then") };
  const causes = groupByCause(ward.conditions);
  const needing = causes.filter(({ root }) => root.severity !== "info");
  if (needing.length) {
    const failure = needing.some(({ root }) => root.severity === "failure");
    const first = t("ward.needing", { name, n: needing.length });
    const well = devices.filter((device) =>
      ["ok", "off", "info", "partial"].includes(healthOf({ device, ward, now })),
    ).length;
    return {
      health: failure ? "failure" : "attention",
      first,
      next: t("ward.needing_then", { n: well, total: devices.length }),
    };
  }
  if (wardIsBehind(ward, now)) {
    const first = t("ward.behind", { name, time: moment(ward.last_word_ms ?? now, now) });
    return { health: "stale", first, next: `${t("ward.behind_then")}${catchingUp(ward)}` };
  }
  const silent = devices.filter((device) =>
    ["unpolled", "unreachable", "stale"].includes(healthOf({ device, ward, now })),
  ).length;
  if (silent) {
    return { health: "partial", first: t("ward.partial", { name }), next: t("ward.partial_then", { n: silent }) };
  }
  return { health: "ok", first: t("ward.well", { name }), next: t("ward.well_then", { n: devices.length }) };
}

/** A device's first line: its state since when and why, and what to do next. */
export function deviceAnswer(seen: Seen, devices: readonly Device[]): Answer {
  const { device, ward, now } = seen;
  const health = healthOf(seen);
  const name = device.name;
  const since = device.reachable_since_ms === null ? "" : moment(device.reachable_since_ms, now);
  const last = lastReadingMs(device);
  const when = last === null ? "" : moment(last, now);
  switch (health) {
    case "unpolled":
      return { health, first: t("device.unpolled", { name }), next: t("device.unpolled_then") };
    case "ward_offline":
      return {
        health,
        first: when ? t("device.ward_offline", { name, time: when }) : t("device.ward_offline_never", { name }),
        next: t("device.ward_offline_then", { ward: ward.name }),
      };
    case "stale":
      return { health, first: t("device.stale", { name, time: when }), next: t("device.stale_then") };
    case "off":
      return {
        health,
        first: since ? t("device.off_since", { name, time: since }) : t("device.off", { name }),
        next: t("device.off_then"),
      };
    case "unreachable":
      return { health, ...unreachableWords(seen, devices, since) };
    case "ok":
      return {
        health,
        first: since ? t("device.ok_since", { name, time: since }) : t("device.ok", { name }),
        next: "",
      };
    case "partial": {
      const { what, advice } = reasonParts(device.reason?.code ?? "");
      return { health, first: `${name}: ${lower(what)}`, next: advice || t("device.partial_then") };
    }
    default:
      return { health, ...conditionWords(seen) };
  }
}

function conditionWords(seen: Seen): { first: string; next: string } {
  const open = conditionsOf(seen);
  const top = open[0];
  if (!top) return { first: t("device.ok", { name: seen.device.name }), next: "" };
  const what = lower(conditionTitle(top.rule)) + where(top.instance, top.instance_name);
  const first = t("device.condition", { name: seen.device.name, what, time: moment(top.since_ms, seen.now) });
  return { first, next: adviceOf(top, seen.device) };
}

const fact = (device: Device, name: string): string => device.facts.find((each) => each.name === name)?.text ?? "";

/** What to do about a condition; and first in what it lies, where the device's own facts say that. */
export function adviceOf(condition: Condition, device?: Device): string {
  const advice = conditionAdvice(condition.rule);
  if (!device || !ABOUT_THE_STREAM.includes(condition.rule) || !sendsOther(device)) return advice;
  const [{ what, rates }, main] = [recorderSetting(device), fact(device, "main_stream")];
  if (what.length === 0 || !main) return advice;
  const readings = device.readings.filter((each) => each.metric === "frame_rate_hz");
  const rate = readings.find((each) => each.instance === "main") ?? readings.find((each) => each.instance === "");
  const sent = [
    main.replace("×", "\u00a0×\u00a0"),
    rate ? t("picture.rate_value", { n: number(Math.round(rate.value)) }) : "",
  ];
  return `${t("recorded.differs", { set: [...what, ...rates].join(", "), sent: sent.filter(Boolean).join(", ") })} ${advice}`;
}

const ABOUT_THE_STREAM: readonly string[] = ["recorded_not_as_set", "camera_stream_not_as_set"];

/** Whether a camera's main stream is another than its recorder is set to record. */
export const sendsOther = (device: Device): boolean =>
  device.readings.some((each) => each.metric === "recorded_as_set" && each.value === 0);

/** What a camera's recorder is set to record of it: ["H.264", "1920 × 1080"], and how fast: ["25 frames/s", "4096 kbit/s"]. */
export function recorderSetting(device: Device): { what: string[]; rates: string[] } {
  const parts = fact(device, "recorder_setting").split(", ").filter(Boolean);
  const isRate = (part: string) => / (fps|kbit\/s)$/.test(part);
  const worded = (part: string) => {
    const fps = /^([\d.]+) fps$/.exec(part)?.[1];
    return fps ? t("picture.rate_value", { n: number(Number(fps), fps.includes(".") ? 1 : 0) }) : part;
  };
  return {
    what: parts.filter((part) => !isRate(part)).map((part) => part.replace("×", "\u00a0×\u00a0")),
    rates: parts.filter(isRate).map(worded),
  };
}

/** Where to look next: the parent if it is dead too, else the port that fell at the same time, else the device. */
function unreachableWords(seen: Seen, devices: readonly Device[], since: string): { first: string; next: string } {
  const { device, ward, now } = seen;
  const { what, advice } = reasonParts(device.reason?.code ?? "no_answer");
  const first = since
    ? t("device.unreachable_since", { name: device.name, time: since, what: lower(what) })
    : t("device.unreachable", { name: device.name, what: lower(what) });
  const parent = devices.find((each) => each.id === device.parent);
  if (!parent) return { first, next: advice };
  const dead = firstDead(parent, devices);
  if (dead) return { first, next: t("device.look_at_parent", { parent: dead.name, kind: kindInSentence(dead.kind) }) };
  const port = portThatFell(seen, parent);
  if (port) {
    const time = moment(port.since_ms, now);
    return { first, next: t("device.look_at_port", { parent: parent.name, port: port.instance, time }) };
  }
  if (healthOf({ device: parent, ward, now }) === "stale") return { first, next: advice };
  return { first, next: `${t("device.parent_answers", { parent: parent.name })} ${advice}`.trim() };
}

/** The topmost ancestor that does not answer. */
function firstDead(parent: Device, devices: readonly Device[]): Device | undefined {
  let dead: Device | undefined;
  const visited = new Set<string>();
  for (
    let at: Device | undefined = parent;
    at && !visited.has(at.id);
    at = devices.find((each) => each.id === at?.parent)
  ) {
    visited.add(at.id);
    if (at.reachable === false) dead = at;
  }
  return dead;
}

const TOGETHER_MS = 120_000;

function portThatFell({ device, ward }: Seen, parent: Device): Condition | undefined {
  const lost = device.reachable_since_ms;
  if (lost === null) return undefined;
  const near = ward.conditions.filter(
    (each) => each.device === parent.id && each.rule === "port_down" && Math.abs(each.since_ms - lost) <= TOGETHER_MS,
  );
  // Two ports at once would be a guess.
  return near.length === 1 ? near[0] : undefined;
}

/** What to say aloud when conditions came or went. A clear is not said while its ward is out of contact. */
export function changeWords(ward: Ward, change: { raised: Condition[]; cleared: Condition[] }): string[] {
  const raised = change.raised.map((each) => t("live.raised", { ward: ward.name, what: clause(each) }));
  const cleared = ward.presence === "online" ? change.cleared : [];
  return [...raised, ...cleared.map((each) => t("live.cleared", { ward: ward.name, what: clause(each) }))];
}
