/** What the faces of devices share: they are handed a device as seen at a moment, and grey what is old. */
import { css } from "lit";
import { property } from "lit/decorators.js";
import { number } from "../words/format.ts";
import { conditionsOf, type Seen, type Value, valueIn } from "../words/state.ts";
import { Part } from "./base.ts";

export const faceStyles = css`
  :host {
    font-size: var(--size-2);
    color: var(--ink-2);
  }
  .big {
    color: var(--ink);
    font-family: var(--font-figures);
    font-size: var(--size-5);
    font-weight: 500;
    line-height: 1.2;
    letter-spacing: -0.01em;
  }
  .big small {
    font-size: var(--size-3);
    font-weight: 400;
    color: var(--ink-2);
    letter-spacing: 0;
  }
  .old,
  .old .big,
  .old .big small {
    color: var(--ink-3);
  }
  .track {
    height: 6px;
    border-radius: 3px;
    background: var(--sunken);
    overflow: hidden;
  }
  .track i {
    display: block;
    height: 100%;
    border-radius: 3px;
    background: var(--mark);
    transition: width var(--ease);
  }
  .old .track i {
    background: var(--line-strong);
  }
`;

export class Face extends Part {
  @property({ attribute: false }) seen: Seen | undefined;
  /** On the device's own page there is more room. */
  @property({ type: Boolean, reflect: true }) large = false;

  value(metric: string, instance?: string): Value | undefined {
    return this.seen && valueIn(this.seen, metric, instance);
  }

  has(rule: string, instance?: string): boolean {
    if (!this.seen) return false;
    return conditionsOf(this.seen).some(
      (each) => each.rule === rule && (instance === undefined || each.instance === instance),
    );
  }
}

export const percent = (value: number): string => `${number(value)}\u00a0%`;

export const share = (value: number): number => Math.max(0, Math.min(100, value));
