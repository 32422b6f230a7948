/** What a live picture is right now, from what is known of it. */

export type PictureState = "connecting" | "playing" | "stalled" | "trouble" | "paused";

export interface Facts {
  paused: boolean;
  /** When it was last opened: shown, brought back into view, or its camera changed. */
  openedMs: number;
  /** The newest frame drawn since then. */
  frameMs: number | null;
  /** What the ward, the hub or this browser says is wrong; frames end it. */
  trouble: { reason: string; detail: string; sinceMs: number } | null;
  /** Since when there is no connection to the hub. */
  lostMs: number | null;
}

export interface Condition {
  state: PictureState;
  /** Since when it has not moved, where that is known. */
  sinceMs: number | null;
  /** A reason code of telemetry, or one of our own; "" where nothing is wrong. */
  reason: string;
  detail: string;
}

export const STALLED_AFTER_MS = 2_000;
/** A camera may need a keyframe interval and a login before its first frame; beyond this something is wrong. */
export const SLOW_AFTER_MS = 10_000;

export function conditionOf(facts: Facts, nowMs: number): Condition {
  const { frameMs, trouble, lostMs } = facts;
  if (facts.paused) return { state: "paused", sinceMs: frameMs, reason: "", detail: "" };
  const lost = lostMs !== null && nowMs - lostMs >= STALLED_AFTER_MS;
  if (trouble && !lost) {
    return { state: "trouble", sinceMs: frameMs ?? trouble.sinceMs, reason: trouble.reason, detail: trouble.detail };
  }
  const silentMs = nowMs - (frameMs ?? facts.openedMs);
  if (!trouble && silentMs < (frameMs === null ? SLOW_AFTER_MS : STALLED_AFTER_MS)) {
    return { state: frameMs === null ? "connecting" : "playing", sinceMs: null, reason: "", detail: "" };
  }
  return { state: "stalled", sinceMs: frameMs, reason: lostMs === null ? "no_frames" : "hub_lost", detail: "" };
}
