/** A series made ready to be drawn. */
import type { Condition, ConditionSpan, History } from "../api/types.ts";

export interface Plotted {
  /** Seconds since 1970: uPlot's unit. */
  x: number[];
  y: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

/**
 * Breaks the line where nothing was heard for longer than `gapMs`, or three times the usual distance of points where
 * they were thinned: a hole in what we know is drawn as a hole.
 */
export function plotted(history: History, gapMs: number): Plotted {
  const { times_ms: times, values, low, high } = history;
  const gap = Math.max(gapMs, 3 * usualDistance(times));
  const out: Plotted = { x: [], y: [], low: [], high: [] };
  times.forEach((time, at) => {
    const before = times[at - 1];
    if (before !== undefined && time - before > gap) {
      out.x.push((before + 1) / 1000);
      for (const line of [out.y, out.low, out.high]) line.push(null);
    }
    const value = values[at] ?? null;
    out.x.push(time / 1000);
    out.y.push(value);
    out.low.push(low[at] ?? value);
    out.high.push(high[at] ?? value);
  });
  return out;
}

/** Where a value stands alone between holes: a line has no length there, so it is drawn as a point. */
export const alone = (y: readonly (number | null | undefined)[]): number[] =>
  y.flatMap((value, at) => (value != null && y[at - 1] == null && y[at + 1] == null ? [at] : []));

const key = ({ rule, instance }: { rule: string; instance: string }) => `${rule} ${instance}`;

/**
 * The past's spans as they stand now: what is open and not yet among them begins, what is not open any more ends.
 * The page hears of a condition at once; the past is asked for after that, and answers later.
 */
export function spansNow(spans: readonly ConditionSpan[], open: readonly Condition[], nowMs: number): ConditionSpan[] {
  const now = new Set(open.map(key));
  const running = new Set(spans.filter((each) => each.end_ms === null).map(key));
  const begun = open
    .filter((each) => !running.has(key(each)))
    .map(({ rule, instance, severity, since_ms }) => ({ rule, instance, severity, start_ms: since_ms, end_ms: null }));
  const ended = (span: ConditionSpan) =>
    span.end_ms === null && !now.has(key(span)) ? { ...span, end_ms: nowMs } : span;
  return [...spans.map(ended), ...begun];
}

function usualDistance(times: readonly number[]): number {
  const distances = times.slice(1).map((time, at) => time - (times[at] ?? time));
  return distances.sort((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
}

/** The history with a live reading at its end, if it is newer than what is there. */
export function withReading(history: History, timeMs: number, value: number): History {
  const last = history.times_ms.at(-1);
  if (last !== undefined && timeMs <= last) return history;
  return {
    ...history,
    times_ms: [...history.times_ms, timeMs],
    values: [...history.values, value],
    low: [...history.low, value],
    high: [...history.high, value],
  };
}
