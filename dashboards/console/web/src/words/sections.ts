/** A ward's devices by what they are for, in the order that a walk through the office would take. */
import type { Device } from "../api/types.ts";

export const SECTIONS = {
  power: ["ups"],
  printing: ["printer", "scanner"],
  network: ["switch", "router", "uplink"],
  computers: ["server", "workstation"],
  rooms: ["aircon", "sensor"],
  counters: ["kiosk", "queue", "counter_display", "tablet", "signboard", "display"],
  services: ["service"],
} as const;

export type SectionName = keyof typeof SECTIONS;

export const PICTURES: readonly string[] = ["camera", "recorder"];

/** Sections that hold anything; inside, by kind and then as configured. A kind that is new to us is a service. */
export function sectionsOf(devices: readonly Device[]): { name: SectionName; devices: Device[] }[] {
  const known = new Set<string>(Object.values(SECTIONS).flat());
  return (Object.keys(SECTIONS) as SectionName[])
    .map((name) => {
      const kinds: readonly string[] = SECTIONS[name];
      const members = devices.filter(
        ({ kind }) => kinds.includes(kind) || (name === "services" && !known.has(kind) && !PICTURES.includes(kind)),
      );
      return { name, devices: members.sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind)) };
    })
    .filter((each) => each.devices.length > 0);
}
