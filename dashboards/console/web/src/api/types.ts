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
