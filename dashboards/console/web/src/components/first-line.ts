/** The first line of a page in words, with its mark, and what follows from it. */
import { html, nothing, type TemplateResult } from "lit";
import type { Answer } from "../words/sentences.ts";
import { healthIcon } from "./icons.ts";
import { tone } from "./state-mark.ts";

export function firstLine(answer: Answer): TemplateResult {
  return html`<div class="top ${tone(answer.health)} ${answer.health}">
    ${healthIcon(answer.health, 30)}
    <h1 tabindex="-1">${answer.first}</h1>
    ${answer.next ? html`<p class="then">${answer.next}</p>` : nothing}
  </div>`;
}
