/** The icons that the console uses, from Lucide (ISC), and which one stands for what. */
import { html, type TemplateResult } from "lit";
import { unsafeSVG } from "lit/directives/unsafe-svg.js";
import airVent from "lucide-static/icons/air-vent.svg?raw";
import batteryCharging from "lucide-static/icons/battery-charging.svg?raw";
import building2 from "lucide-static/icons/building-2.svg?raw";
import cable from "lucide-static/icons/cable.svg?raw";
import cctv from "lucide-static/icons/cctv.svg?raw";
import chartLine from "lucide-static/icons/chart-line.svg?raw";
import chevronRight from "lucide-static/icons/chevron-right.svg?raw";
import circleCheck from "lucide-static/icons/circle-check.svg?raw";
import circleDashed from "lucide-static/icons/circle-dashed.svg?raw";
import circleHelp from "lucide-static/icons/circle-help.svg?raw";
import circleUser from "lucide-static/icons/circle-user.svg?raw";
import clock from "lucide-static/icons/clock.svg?raw";
import cloud from "lucide-static/icons/cloud.svg?raw";
import cornerDownRight from "lucide-static/icons/corner-down-right.svg?raw";
import eye from "lucide-static/icons/eye.svg?raw";
import eyeOff from "lucide-static/icons/eye-off.svg?raw";
import fileStack from "lucide-static/icons/file-stack.svg?raw";
import hardDrive from "lucide-static/icons/hard-drive.svg?raw";
import info from "lucide-static/icons/info.svg?raw";
import keyRound from "lucide-static/icons/key-round.svg?raw";
import cityHall from "lucide-static/icons/landmark.svg?raw";
import logOut from "lucide-static/icons/log-out.svg?raw";
import maximize from "lucide-static/icons/maximize.svg?raw";
import minimize from "lucide-static/icons/minimize.svg?raw";
import monitor from "lucide-static/icons/monitor.svg?raw";
import moon from "lucide-static/icons/moon.svg?raw";
import network from "lucide-static/icons/network.svg?raw";
import octagonX from "lucide-static/icons/octagon-x.svg?raw";
import plug from "lucide-static/icons/plug.svg?raw";
import plugZap from "lucide-static/icons/plug-zap.svg?raw";
import powerOff from "lucide-static/icons/power-off.svg?raw";
import presentation from "lucide-static/icons/presentation.svg?raw";
import printer from "lucide-static/icons/printer.svg?raw";
import refreshCw from "lucide-static/icons/refresh-cw.svg?raw";
import router from "lucide-static/icons/router.svg?raw";
import scanLine from "lucide-static/icons/scan-line.svg?raw";
import server from "lucide-static/icons/server.svg?raw";
import signpost from "lucide-static/icons/signpost.svg?raw";
import sun from "lucide-static/icons/sun.svg?raw";
import sunMoon from "lucide-static/icons/sun-moon.svg?raw";
import tablet from "lucide-static/icons/tablet.svg?raw";
import tabletSmartphone from "lucide-static/icons/tablet-smartphone.svg?raw";
import thermometer from "lucide-static/icons/thermometer.svg?raw";
import ticket from "lucide-static/icons/ticket.svg?raw";
import triangleAlert from "lucide-static/icons/triangle-alert.svg?raw";
import tv from "lucide-static/icons/tv.svg?raw";
import unplug from "lucide-static/icons/unplug.svg?raw";
import x from "lucide-static/icons/x.svg?raw";
import zap from "lucide-static/icons/zap.svg?raw";
import type { Health } from "../words/state.ts";

const KINDS: Record<string, string> = {
  camera: cctv,
  recorder: hardDrive,
  ups: batteryCharging,
  aircon: airVent,
  sensor: thermometer,
  printer: printer,
  scanner: scanLine,
  switch: network,
  router: router,
  uplink: cable,
  server: server,
  workstation: monitor,
  kiosk: tabletSmartphone,
  queue: ticket,
  counter_display: presentation,
  tablet: tablet,
  signboard: signpost,
  display: tv,
  service: cloud,
};

const MARKS = {
  attention: triangleAlert,
  failure: octagonX,
  info: info,
  ok: circleCheck,
  unpolled: circleDashed,
  stale: clock,
  unreachable: unplug,
  partial: circleHelp,
  off: powerOff,
  chevron: chevronRight,
  sun: sun,
  moon: moon,
  sunmoon: sunMoon,
  out: logOut,
  key: keyRound,
  refresh: refreshCw,
  person: circleUser,
  mains: plug,
  battery: plugZap,
  bolt: zap,
  paper: fileStack,
  eye: eye,
  eyeOff: eyeOff,
  consequence: cornerDownRight,
  ward: building2,
  city: cityHall,
  chart: chartLine,
  cross: x,
  expand: maximize,
  shrink: minimize,
};

export type Mark = keyof typeof MARKS;

// The files are part of the build, not of anyone's input: what is inside <svg> is taken as it is.
const shape = (file: string): string =>
  file.slice(file.indexOf(">", file.indexOf("<svg")) + 1, file.lastIndexOf("</svg>"));

function draw(file: string, size: number): TemplateResult {
  return html`<svg
    aria-hidden="true"
    viewBox="0 0 24 24"
    width=${size}
    height=${size}
    fill="none"
    stroke="currentColor"
    stroke-width=${size > 20 ? 1.6 : 1.9}
    stroke-linecap="round"
    stroke-linejoin="round"
  >${unsafeSVG(shape(file))}</svg>`;
}

export const icon = (mark: Mark, size = 16): TemplateResult => draw(MARKS[mark], size);

export const kindIcon = (kind: string, size = 20): TemplateResult => draw(KINDS[kind] ?? MARKS.unpolled, size);

const HEALTHS: Record<Health | "never", Mark> = {
  ok: "ok",
  partial: "partial",
  info: "info",
  attention: "attention",
  failure: "failure",
  off: "off",
  unreachable: "unreachable",
  stale: "stale",
  ward_offline: "stale",
  unpolled: "unpolled",
  never: "unpolled",
};

export const healthIcon = (health: Health | "never", size = 16): TemplateResult => icon(HEALTHS[health], size);
