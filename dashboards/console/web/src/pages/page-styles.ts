/** The page's own rhythm: one first line, then sections. */
import { css } from "lit";

export const pageStyles = css`
  :host {
    display: block;
  }
  .top {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: var(--space-1) var(--space-3);
    align-items: start;
    margin-bottom: var(--space-6);
    min-height: 72px;
  }
  .top > svg {
    margin-top: 5px;
    color: var(--tone-mark);
  }
  .top.ok > svg {
    color: var(--proven-mark);
  }
  h1 {
    font-size: clamp(1.375rem, 1.1rem + 1.3vw, var(--size-6));
    letter-spacing: -0.015em;
    line-height: 1.28;
    overflow-wrap: anywhere;
  }
  h1:focus {
    outline: none;
  }
  .then {
    grid-column: 2;
    max-width: 92ch;
    text-wrap: pretty;
    color: var(--ink-2);
    line-height: 1.5;
  }
  h2 {
    margin-bottom: var(--space-3);
    color: var(--ink-2);
    font-size: var(--size-2);
    font-weight: 600;
    line-height: 1.5;
  }
  section {
    margin-bottom: var(--space-8);
  }
  .panel {
    border: 1px solid var(--line);
    border-radius: var(--radius-3);
    background: var(--surface);
    box-shadow: var(--shadow);
  }
  .rows > * + * {
    border-top: 1px solid var(--line);
  }
  .rows {
    overflow: hidden;
  }
  @media (max-width: 640px) {
    .top {
      margin-bottom: var(--space-5);
    }
    section {
      margin-bottom: var(--space-6);
    }
  }
`;
