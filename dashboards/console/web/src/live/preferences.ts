/** What this reader chose on this machine: language and colours. */

export type Language = "vi" | "en";
export type Theme = "system" | "light" | "dark";

const listeners = new Set<() => void>();

function kept(name: string): string | null {
  return globalThis.localStorage?.getItem(name) ?? null;
}

function keep(name: string, value: string): void {
  globalThis.localStorage?.setItem(name, value);
  for (const each of listeners) each();
}

let chosen: Language = kept("language") === "en" ? "en" : "vi";

export const language = (): Language => chosen;

export function setLanguage(next: Language): void {
  chosen = next;
  if (globalThis.document) document.documentElement.lang = next;
  keep("language", next);
}

export function theme(): Theme {
  const value = kept("theme");
  return value === "light" || value === "dark" ? value : "system";
}

export function setTheme(next: Theme): void {
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  keep("theme", next);
}

export function onPreference(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
