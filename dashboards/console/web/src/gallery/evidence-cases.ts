/** Evidence in every state: strips of each verdict, proofs, pictures of conditions, recorders. */
import { html } from "lit";
import type { Coverage, Day, Device, PictureSeen } from "../api/types.ts";
import { FRAME, type Group, old, seen } from "./cases.ts";
import { condition, coverage, DAY, gap, MINUTE, NOW, proof, readings } from "./made.ts";
import "../components/coverage-strip.ts";
import "../components/kept-picture.ts";
import "../components/proof-list.ts";
import "../components/recorder-face.ts";
import "../components/seen-pictures.ts";
import "../components/stream-facts.ts";

const every = (from: number, to: number, day: Partial<Day>): Record<number, Partial<Day>> =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, place) => [from + place, day]));

const MET = coverage();
const TWO = coverage(
  { verdict: "not_met", open_percent: 97.2, gaps: [gap(4, 9.2, 95), gap(4, 14.5, 40), gap(11, 8, 210)] },
  { 4: { open_percent: 73.5 }, 11: { open_percent: 58.8 } },
);
const SHORT = coverage(
  {
    verdict: "not_met",
    camera: "camera-3",
    open_percent: 43,
    whole_percent: 41,
    oldest_ms: NOW - 12 * DAY,
    gaps: Array.from({ length: 17 }, (_, place) => gap(13 + place, 7.5, 570)),
    kept_days: 12.4,
    short_on: "2026-11-06",
  },
  every(13, 29, { open_percent: 0 }),
);
const YOUNG = coverage(
  { verdict: "not_yet_provable", oldest_ms: NOW - 9 * DAY, clock_offset_seconds: null },
  every(10, 29, { open_percent: 0 }),
);
const MOTION = coverage(
  { verdict: "motion_only", open_percent: 34, whole_percent: 22, kept_days: 33, short_on: "2026-12-20" },
  every(0, 29, { open_percent: 34, motion_only: true }),
);
const UNKNOWN = coverage({
  verdict: "unknown",
  days: [],
  open_percent: null,
  whole_percent: null,
  oldest_ms: null,
  kept_days: null,
  clock_offset_seconds: null,
  reason: "no_answer",
});
const SLOW = coverage({ clock_offset_seconds: -184 });

const strip = (of: Coverage, mini = false, name = "") =>
  html`<coverage-strip .coverage=${of} .now=${NOW} ?mini=${mini} name=${name}></coverage-strip>`;

const CAMERA: Partial<Device> = { id: "camera-1", kind: "camera", name: "Quầy 1–2" };
const STREAM: Partial<Device> = {
  ...CAMERA,
  readings: readings({
    frame_rate_hz: 14.9,
    bitrate_bits_per_second: 512_000,
    "frame_rate_hz/main": 24.9,
    "bitrate_bits_per_second/main": 2_080_000,
    keyframe_interval_seconds: 2,
  }),
  facts: [
    { name: "main_stream", text: "H.264 High 4.0, 1920×1080" },
    { name: "sub_stream", text: "H.264 Main 3.0, 640×360" },
  ],
};
const OTHER: Partial<Device> = {
  ...STREAM,
  readings: [...(STREAM.readings ?? []), ...readings({ recorded_as_set: 0 })],
  facts: [
    { name: "main_stream", text: "H.265 Main 4.0, 1920×1080" },
    { name: "sub_stream", text: "H.265 Main 3.0, 640×360" },
    { name: "recorder_setting", text: "H.264, 1920×1080, 25 fps, 4096 kbit/s" },
  ],
};
const RECORDER: Partial<Device> = {
  id: "recorder-1",
  kind: "recorder",
  name: "Đầu ghi",
  readings: readings({
    "recording/camera-1": 1,
    "recording/camera-3": 0,
    "disk_healthy/1": 1,
    "disk_healthy/2": 0,
    "disk_used_percent/1": 99.6,
    "disk_used_percent/2": 91,
    clock_offset_seconds: -1.8,
  }),
};
const NAMES = new Map([
  ["camera-1", "Quầy 1–2"],
  ["camera-3", "Sảnh chờ"],
]);
const keeps = (of: Partial<Device>, cameras: Coverage[], large = false) =>
  html`<recorder-face .seen=${seen(of)} .cameras=${cameras} .names=${NAMES} ?large=${large}></recorder-face>`;

const shownBy = (name: string, part: Partial<PictureSeen> = {}): PictureSeen => ({
  condition: name,
  score: 0.87,
  seen_ms: NOW - 180 * MINUTE,
  picture: { sha256: "00", held: true },
  ...part,
});
const OPEN = condition({ device: "camera-1", rule: "picture_blurred", severity: "attention" });

export const EVIDENCE: Group[] = [
  {
    part: "coverage-strip",
    wide: "full",
    cases: [
      { state: "met", shows: strip(MET) },
      { state: "two-days-missing", shows: strip(TWO, false, "Quầy 3–4") },
      { state: "keeps-twelve-days", shows: strip(SHORT) },
      { state: "not-yet-provable", shows: strip(YOUNG) },
      { state: "motion-only", shows: strip(MOTION) },
      { state: "unknown", shows: strip(UNKNOWN) },
      { state: "clock-off", shows: strip(SLOW) },
      { state: "mini", shows: strip(TWO, true, "Quầy 3–4") },
    ],
  },
  {
    part: "recorder-face",
    wide: "half",
    cases: [
      { state: "cameras-disks-clock", shows: keeps(RECORDER, [MET, SHORT, YOUNG, MOTION, UNKNOWN]) },
      { state: "many-cameras", shows: keeps({ ...RECORDER, readings: [] }, Array<Coverage>(16).fill(MET)) },
      { state: "large", shows: keeps(RECORDER, [MET], true) },
      { state: "old", shows: keeps(old(RECORDER), [MET]) },
      { state: "nothing-known", shows: keeps({ ...RECORDER, readings: [] }, []) },
      { state: "large-nothing-of-itself", shows: keeps({ ...RECORDER, readings: [] }, [MET], true) },
    ],
  },
  {
    part: "proof-list",
    wide: "full",
    cases: [
      {
        state: "proofs",
        shows: html`<proof-list
          source=${FRAME}
          .proofs=${[
            proof(),
            proof({ is_oldest: true, asked_ms: NOW - 29 * DAY, shown_ms: NOW - 29 * DAY + 40 }),
            proof({ proves: false, shown_ms: NOW - 14 * DAY + 58 * MINUTE, reason: "unexpected_answer" }),
            proof({ proves: false, decoded: false, shown_ms: null, reason: "no_answer" }),
          ]}
        ></proof-list>`,
      },
      {
        state: "pictures-on-their-way",
        shows: html`<proof-list
          .proofs=${[proof({ picture: { sha256: "00", held: false } }), proof({ picture: null })]}
        ></proof-list>`,
      },
      { state: "none", shows: html`<proof-list .proofs=${[]}></proof-list>` },
    ],
  },
  {
    part: "seen-pictures",
    wide: "full",
    cases: [
      {
        state: "open-and-over",
        shows: html`<seen-pictures
          source=${FRAME}
          .now=${NOW}
          .pictures=${[shownBy("blurred"), shownBy("covered", { seen_ms: NOW - 3 * DAY })]}
          .conditions=${[OPEN]}
        ></seen-pictures>`,
      },
    ],
  },
  {
    part: "stream-facts",
    wide: "card",
    cases: [
      { state: "all", shows: html`<stream-facts .seen=${seen(STREAM)}></stream-facts>` },
      { state: "old", shows: html`<stream-facts .seen=${seen(old(STREAM))}></stream-facts>` },
      { state: "not-as-the-recorder-is-set", shows: html`<stream-facts .seen=${seen(OTHER)}></stream-facts>` },
    ],
  },
];
