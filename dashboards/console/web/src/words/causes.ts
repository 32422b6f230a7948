/** Cause before consequence: open conditions grouped under the device whose failure explains them. */
import type { Condition } from "../api/types.ts";
import { bySeverity, rankOf } from "./state.ts";

export interface Cause {
  /** What to look at first. */
  root: Condition;
  /** Further conditions of the same device. */
  also: Condition[];
  /** Conditions of what hangs on it. */
  consequences: Condition[];
}

/** Groups, worst and oldest first. A cause that is itself explained is followed up to the first of the chain. */
export function groupByCause(conditions: readonly Condition[]): Cause[] {
  const sorted = [...conditions].sort(bySeverity);
  // Only what does not answer takes all else of its device with it; a port that went with its line does not.
  const lost = sorted.filter((each) => each.cause_device && each.rule === "unreachable");
  const explains = new Map(lost.map((each) => [each.device, each.cause_device]));
  const groups = new Map<string, Condition[]>();
  for (const condition of sorted) {
    const first = firstCause(condition, explains);
    groups.set(first, [...(groups.get(first) ?? []), condition]);
  }
  const causes = [...groups].flatMap(([device, members]) => {
    const own = members.filter((each) => each.device === device && !each.cause_device);
    const rest = members.filter((each) => !own.includes(each));
    const root = own.find((each) => each.rule === "unreachable") ?? own[0];
    if (root) return [{ root, also: own.filter((each) => each !== root), consequences: rest }];
    // The cause itself is not (any more) an open condition here: each stands for itself.
    return rest.map((each): Cause => ({ root: each, also: [], consequences: [] }));
  });
  // Stable: of equal severity and reach, the oldest stays first.
  return causes.sort((a, b) => rankOf(b.root) - rankOf(a.root) || b.consequences.length - a.consequences.length);
}

function firstCause(condition: Condition, explains: ReadonlyMap<string, string | null>): string {
  let device = condition.cause_device ?? condition.device;
  const seen = new Set<string>();
  for (let next = explains.get(device); next && !seen.has(device); next = explains.get(device)) {
    seen.add(device);
    device = next;
  }
  return device;
}
