/** The shapes of dashboards/console/models.py. Times are milliseconds since 1970 UTC. */

export type Severity = "info" | "attention" | "failure";
export type Presence = "online" | "offline" | "never";
export type Role = "district" | "ward" | "auditor" | "admin";

export interface Problem {
  code: string;
  message: string;
}

export interface Me {
  user: string;
  name: string;
  role: Role;
  one_time_password: boolean;
}

export interface SiteInfo {
  label: string;
  version: string;
  now_ms: number;
}

export interface Reason {
  code: string;
  detail: string;
}

export interface Condition {
  ward: string;
  device: string;
  device_name: string;
  device_kind: string;
  rule: string;
  instance: string;
  /** Where it is another of the ward's devices, as a camera of a recorder's; else "". */
  instance_name: string;
  severity: Severity;
  since_ms: number;
  value: number | null;
  threshold: number | null;
  reason: Reason | null;
  cause_device: string | null;
}

export interface ConditionSpan {
  rule: string;
  instance: string;
  severity: Severity;
  start_ms: number;
  end_ms: number | null;
}

export interface Ward {
  id: string;
  name: string;
  presence: Presence;
  last_word_ms: number | null;
  offline_since_ms: number | null;
  agent_version: string;
  missing_positions: number;
  named_losses: number;
  device_count: number;
  devices_answering: number;
  worst: Severity | null;
  conditions: Condition[];
}

export interface Reading {
  metric: string;
  instance: string;
  value: number;
  time_ms: number;
}

export interface Fact {
  name: string;
  text: string;
}

export interface Thumbnail {
  sha256: string;
  taken_ms: number;
}

export interface Device {
  id: string;
  kind: string;
  name: string;
  location: string;
  parent: string | null;
  /** The parent's port that it is plugged into, where that is known. */
  port: string | null;
  protocol: string;
  address: string;
  interval_seconds: number;
  reachable: boolean | null;
  reachable_since_ms: number | null;
  reason: Reason | null;
  last_reading_ms: number | null;
  readings: Reading[];
  facts: Fact[];
  /** A camera's newest picture. */
  thumbnail: Thumbnail | null;
}

export interface WardsPage {
  now_ms: number;
  wards: Ward[];
  last_event_id: string;
}

export interface WardPage {
  now_ms: number;
  ward: Ward;
  devices: Device[];
  last_event_id: string;
}

export interface History {
  metric: string;
  instance: string;
  times_ms: number[];
  values: number[];
  low: number[];
  high: number[];
}

export interface Metric {
  name: string;
  unit: string;
  digits: number;
  vi: string;
  en: string;
}

export type Verdict = "met" | "not_met" | "not_yet_provable" | "motion_only" | "unknown";

export interface Day {
  /** 2026-11-25, by the ward's calendar. */
  date: string;
  /** Of the opening hours; null where the office was closed. */
  open_percent: number | null;
  whole_percent: number | null;
  motion_only: boolean;
}

export interface Gap {
  from_ms: number;
  to_ms: number;
}

export interface Coverage {
  camera: string;
  recorder: string;
  channel: string;
  seen_ms: number;
  verdict: Verdict;
  from_ms: number;
  to_ms: number;
  asked_days: number;
  open_percent: number | null;
  whole_percent: number | null;
  oldest_ms: number | null;
  days: Day[];
  gaps: Gap[];
  clock_offset_seconds: number | null;
  kept_days: number | null;
  short_on: string | null;
  reason: string;
}

/** A picture that evidence names; not `held`: it is still on its way. */
export interface KeptPicture {
  sha256: string;
  held: boolean;
}

export interface Proof {
  recorder: string;
  seen_ms: number;
  asked_ms: number;
  shown_ms: number | null;
  decoded: boolean;
  proves: boolean;
  is_oldest: boolean;
  frame_sha256: string;
  clock_offset_seconds: number | null;
  /** What shown_ms rests on: extension, range, report, description or nothing. */
  dated_by: string;
  reason: string;
  picture: KeptPicture | null;
}

export interface PictureSeen {
  condition: string;
  score: number;
  seen_ms: number;
  picture: KeptPicture | null;
}

export interface Evidence {
  now_ms: number;
  coverage: Coverage | null;
  proofs: Proof[];
  pictures: PictureSeen[];
}

export interface RecorderEvidence {
  now_ms: number;
  cameras: Coverage[];
}
