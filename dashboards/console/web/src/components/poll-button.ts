/** Asks the ward to poll a device at once, and tells what came of it. */
import { css, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { ApiError, httpApi } from "../api/client.ts";
import { lastReadingMs, type Seen } from "../words/state.ts";
import { problemWords, t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { icon } from "./icons.ts";

type Phase = "idle" | "asking" | "done" | "slow" | "failed";

const ANSWER_WITHIN_MS = 12_000;
const WORDS_STAY_MS = 6_000;

@customElement("poll-button")
export class PollButton extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  @state() private phase: Phase = "idle";
  #problem = "";
  #before: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  static override styles = [
    shared,
    css`
      :host {
        position: relative;
      }
      .button svg {
        color: var(--ink-3);
      }
      .asking svg {
        animation: turn 1s linear infinite;
      }
      @keyframes turn {
        to {
          rotate: 1turn;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .asking svg {
          animation: none;
        }
      }
      .words {
        position: absolute;
        z-index: 3;
        right: 0;
        top: calc(100% + var(--space-1));
        width: max-content;
        max-width: min(280px, 70vw);
        padding: var(--space-2) var(--space-3);
        border: 1px solid var(--line);
        border-radius: var(--radius-2);
        background: var(--surface);
        box-shadow: var(--shadow-raised);
        color: var(--ink-2);
        font-size: var(--size-2);
        line-height: 1.4;
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  #state = (): string => `${this.seen && lastReadingMs(this.seen.device)} ${this.seen?.device.reachable}`;

  protected override willUpdate(): void {
    if (this.phase === "asking" && this.#before !== undefined && this.#state() !== this.#before) this.#end("done");
  }

  #ask = async (): Promise<void> => {
    if (!this.seen || this.phase === "asking") return;
    clearTimeout(this.#timer);
    this.phase = "asking";
    this.#before = this.#state();
    try {
      await httpApi.poll({ ward: this.seen.ward.id, device: this.seen.device.id });
      if (this.phase === "asking") this.#timer = setTimeout(() => this.#end("slow"), ANSWER_WITHIN_MS);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#problem = problemWords(error.code);
      this.#end("failed");
    }
  };

  #end(phase: Phase): void {
    clearTimeout(this.#timer);
    this.phase = phase;
    this.#before = undefined;
    this.#timer = setTimeout(() => {
      this.phase = "idle";
    }, WORDS_STAY_MS);
  }

  override render() {
    const words = {
      idle: "",
      asking: "",
      done: t("device.polled"),
      slow: t("device.poll_slow"),
      failed: `${t("device.poll_failed")} ${this.#problem}`,
    }[this.phase];
    return html`<button
        class="button ${this.phase}"
        data-testid="poll-now"
        ?disabled=${this.phase === "asking"}
        @click=${this.#ask}
      >
        ${icon("refresh", 15)}${this.phase === "asking" ? t("device.polling") : t("device.poll")}
      </button>
      <span role="status">${words ? html`<span class="words">${words}</span>` : nothing}</span>`;
  }
}
