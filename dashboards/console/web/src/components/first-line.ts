/** The first line of a page in words, with its mark, and what follows from it. */
import { html, nothing, type TemplateResult } from "lit";
import type { Condition } from "../api/types.ts";
import type { Answer } from "../words/sentences.ts";
import { healthIcon } from "./icons.ts";
import { tone } from "./state-mark.ts";

/** `says` is the condition that the line puts in words, so that it is not shown twice. */
export function firstLine(answer: Answer, says?: Condition): TemplateResult {
  return html`<div
    class="top ${tone(answer.health)} ${answer.health}"
    data-testid=${says ? `condition-${says.rule}-${says.device || "ward"}` : nothing}
  >
    ${healthIcon(answer.health, 30)}
    <h1 tabindex="-1">${answer.first}</h1>
    ${answer.next ? html`<p class="then">${answer.next}</p>` : nothing}
  </div>`;
}
