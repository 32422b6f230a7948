/** What a page tells the frame around it: where it is, whether it is live, and what to say aloud. */
import type { Me } from "../api/types.ts";
import type { StreamState } from "../live/sse.ts";

export interface Crumb {
  label: string;
  href: string;
}

export interface Told {
  /** The page's first line, for the window's title. */
  title: string;
  trail: Crumb[];
  stream: StreamState | null;
}

declare global {
  interface HTMLElementEventMap {
    told: CustomEvent<Told>;
    say: CustomEvent<string>;
    /** Somebody signed in, or the session's facts changed. */
    "signed-in": CustomEvent<Me | null>;
  }
}

export function tell(from: HTMLElement, told: Told): void {
  from.dispatchEvent(new CustomEvent("told", { detail: told, bubbles: true, composed: true }));
}

/** Words for a screen reader, politely: a condition that came or went. */
export function say(from: HTMLElement, words: string): void {
  from.dispatchEvent(new CustomEvent("say", { detail: words, bubbles: true, composed: true }));
}
