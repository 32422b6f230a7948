/** Who shows evidence hears here that there is more of it: the page's one stream tells, whatever element shows it. */

export interface Proven {
  ward: string;
  device: string;
}

const listeners = new Set<(what: Proven | null) => void>();

/** `what` null: anything may be new, after a break. */
export function tellProven(what: Proven | null): void {
  for (const each of listeners) each(what);
}

export function onProven(listener: (what: Proven | null) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
