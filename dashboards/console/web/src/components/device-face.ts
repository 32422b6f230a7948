/** Which face a device wears: by its kind. A new kind's face is one line here. */
import { html, type TemplateResult } from "lit";
import type { Metrics, Names } from "../words/metrics.ts";
import type { Seen } from "../words/state.ts";
import { PRESENCES } from "./presence-face.ts";
import "./line-face.ts";
import "./plain-face.ts";
import "./port-row.ts";
import "./presence-face.ts";
import "./printer-face.ts";
import "./recorder-face.ts";
import "./room-face.ts";
import "./scanner-face.ts";
import "./server-face.ts";
import "./service-face.ts";
import "./ups-face.ts";

const NO_NAMES: Names = new Map();

/** `names`: of the ward's other devices, for a face that speaks of them. */
export function deviceFace(seen: Seen, metrics: Metrics, large = false, names = NO_NAMES): TemplateResult {
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
    case "aircon":
    case "sensor":
      return html`<room-face .seen=${seen} ?large=${large}></room-face>`;
    case "scanner":
      return html`<scanner-face .seen=${seen} ?large=${large}></scanner-face>`;
    case "uplink":
      return html`<line-face .seen=${seen} ?large=${large}></line-face>`;
    case "recorder":
      return html`<recorder-face .seen=${seen} .names=${names} ?large=${large}></recorder-face>`;
    case "service":
      return html`<service-face .seen=${seen} ?large=${large}></service-face>`;
    default:
      if (PRESENCES.includes(kind)) return html`<presence-face .seen=${seen} ?large=${large}></presence-face>`;
      if (kind === "router" && hasPorts) return html`<port-row .seen=${seen} ?large=${large}></port-row>`;
      return html`<plain-face .seen=${seen} .metrics=${metrics} ?large=${large}></plain-face>`;
  }
}
