/** Which face a device wears: by its kind. A new kind's face is one line here. */
import { html, type TemplateResult } from "lit";
import type { Metrics } from "../words/metrics.ts";
import type { Seen } from "../words/state.ts";
import "./ups-face.ts";
import "./printer-face.ts";
import "./port-row.ts";
import "./computer-faces.ts";
import "./plain-face.ts";

export function deviceFace(seen: Seen, metrics: Metrics, large = false): TemplateResult {
  const { kind, readings } = seen.device;
  const hasPorts = readings.some((each) => each.metric === "port_up");
  switch (kind) {
    case "ups":
      return html`<ups-face .seen=${seen} ?large=${large}></ups-face>`;
    case "printer":
      return html`<printer-face .seen=${seen} ?large=${large}></printer-face>`;
    case "switch":
      return html`<port-row .seen=${seen} ?large=${large}></port-row>`;
    case "server":
      return html`<server-face .seen=${seen} ?large=${large}></server-face>`;
    case "workstation":
      return html`<workstation-face .seen=${seen} ?large=${large}></workstation-face>`;
    default:
      if (kind === "router" && hasPorts) return html`<port-row .seen=${seen} ?large=${large}></port-row>`;
      return html`<plain-face .seen=${seen} .metrics=${metrics} ?large=${large}></plain-face>`;
  }
}
