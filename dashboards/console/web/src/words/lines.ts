/** A line to the city in one word: cut, carrying the ward's traffic, waiting, or up. */
import { healthOf, type Seen, valueIn } from "./state.ts";
import { t } from "./text.ts";

export type LineState = "cut" | "active" | "waiting" | "up" | "unknown";

export function lineState(seen: Seen): LineState {
  const up = valueIn(seen, "line_up") ?? valueIn(seen, "reachable");
  if (healthOf(seen) === "unreachable" || up?.value === 0) return "cut";
  const active = valueIn(seen, "line_active");
  if (active) return active.value ? "active" : "waiting";
  return up || valueIn(seen, "rtt_seconds") ? "up" : "unknown";
}

export const lineWords = (state: LineState): string => (state === "unknown" ? "–" : t(`line.${state}`));
