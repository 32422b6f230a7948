import { css } from "lit";

export const coverageStyles = css`
  .whole {
    display: grid;
    gap: var(--space-2);
  }
  .name {
    color: var(--ink);
    font-size: var(--size-3);
    font-weight: 600;
  }
  .verdict {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: var(--space-2);
  }
  .verdict .mark {
    margin-top: 3px;
  }
  .mark {
    color: var(--ink-3);
  }
  .mark.proven {
    color: var(--proven-mark);
  }
  .mark.failure {
    color: var(--failure-mark);
  }
  .mark.attention {
    color: var(--attention-mark);
  }
  .what {
    font-size: var(--size-4);
    font-weight: 600;
    line-height: 1.35;
    overflow-wrap: anywhere;
  }
  .what.failure {
    color: var(--failure);
  }
  .what.attention {
    color: var(--attention);
  }
  .then {
    max-width: 80ch;
    color: var(--ink-2);
    font-size: var(--size-2);
  }
  .reach {
    margin-top: var(--space-1);
    touch-action: pan-y;
  }
  .strip,
  .axis {
    display: grid;
    grid-template-columns: repeat(var(--days, 30), minmax(0, 1fr));
    gap: 2px;
  }
  .strip li {
    position: relative;
    height: 44px;
    border-radius: 2px;
    background: var(--sunken);
    overflow: hidden;
  }
  .strip i {
    position: absolute;
    inset: auto 0 0;
    background: var(--mark);
    opacity: 0.72;
  }
  .strip b {
    position: absolute;
    inset-block: 0;
    background: var(--failure-mark);
    box-shadow: 0 0 0 1px var(--surface);
  }
  .strip .partial,
  .strip .missing {
    box-shadow: inset 0 0 0 1.5px var(--failure-mark);
    background: var(--failure-ground);
  }
  .strip .missing,
  .key.missing {
    background: repeating-linear-gradient(
      -45deg,
      var(--failure-ground) 0 4px,
      color-mix(in srgb, var(--failure-mark) 30%, var(--failure-ground)) 4px 6px
    );
  }
  .strip .motion i,
  .key.motion {
    background: repeating-linear-gradient(-45deg, var(--mark) 0 3px, transparent 3px 6px);
    opacity: 0.6;
  }
  .strip .closed {
    background: linear-gradient(var(--line-strong), var(--line-strong)) bottom / 100% 3px no-repeat;
  }
  .strip .before,
  .key.before {
    background: none;
    border: 1px dotted var(--line-strong);
  }
  .strip .unknown,
  .key.unknown {
    background: radial-gradient(var(--line-strong) 1px, transparent 1.2px) 0 0 / 6px 6px;
  }
  .strip .today {
    overflow: visible;
  }
  .strip .today::after {
    content: "";
    position: absolute;
    inset: auto 0 -4px;
    height: 2px;
    background: var(--ink);
  }
  .strip .at {
    outline: 2px solid var(--ink);
    outline-offset: 1px;
    overflow: visible;
  }
  .axis {
    height: 20px;
    margin-top: 4px;
    color: var(--ink-3);
    font-size: 11px;
    line-height: 20px;
  }
  .axis span {
    justify-self: center;
    white-space: nowrap;
    width: 0;
    display: grid;
    justify-content: center;
  }
  .axis .now {
    justify-content: end;
    color: var(--ink);
    font-weight: 600;
    justify-self: end;
  }
  .read {
    min-height: 20px;
    color: var(--ink-2);
    font-size: var(--size-1);
    line-height: 20px;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--space-4);
    color: var(--ink-3);
  }
  .legend span {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .key {
    width: 12px;
    height: 12px;
    border-radius: 2px;
    background: var(--mark);
    opacity: 0.75;
  }
  .key.partial {
    background: linear-gradient(var(--failure-ground) 45%, var(--mark) 45%);
    box-shadow: inset 0 0 0 1.5px var(--failure-mark);
    opacity: 1;
  }
  .key.closed {
    background: linear-gradient(var(--line-strong), var(--line-strong)) bottom / 100% 3px no-repeat;
    opacity: 1;
  }
  .key.gap {
    width: 4px;
    background: var(--failure-mark);
    opacity: 1;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 0 var(--space-5);
    color: var(--ink-2);
    font-size: var(--size-2);
  }
  .facts li {
    display: inline-flex;
    align-items: center;
    gap: 5px;
  }
  .facts .bad {
    color: var(--attention);
    font-weight: 500;
  }
  .gaps {
    display: grid;
    gap: var(--space-1);
    justify-items: start;
  }
  .gaps ul {
    columns: 2 320px;
    column-gap: var(--space-8);
    width: 100%;
    font-size: var(--size-2);
  }
  .gaps li {
    display: flex;
    justify-content: space-between;
    gap: var(--space-3);
    padding: 3px 0;
    border-bottom: 1px solid var(--line);
    break-inside: avoid;
  }
  .row {
    display: grid;
    grid-template-columns: clamp(9ch, 26%, 17ch) minmax(0, 1fr) auto;
    gap: var(--space-2);
    align-items: center;
  }
  .who {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    color: var(--ink-3);
    font-size: var(--size-1);
  }
  :host([mini]) .strip {
    gap: 1px;
  }
  :host([mini]) .strip li {
    height: 14px;
    border-radius: 1px;
  }
  :host([mini]) .strip :is(.partial, .missing) {
    box-shadow: none;
  }
  :host([mini]) .strip .today::after {
    display: none;
  }
  @media (max-width: 640px) {
    .strip,
    .axis {
      gap: 1px;
    }
    .what {
      font-size: var(--size-3);
    }
  }
`;
