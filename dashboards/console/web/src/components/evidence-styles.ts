import { css } from "lit";

export const evidenceStyles = css`
  .inside {
    display: grid;
    gap: var(--space-3);
    padding: var(--space-4) var(--space-5) var(--space-5);
  }
  .each > * + * {
    margin-top: var(--space-4);
    padding-top: var(--space-5);
    border-top: 1px solid var(--line);
  }
  .lead {
    max-width: 88ch;
    color: var(--ink-3);
    font-size: var(--size-2);
  }
  @media (max-width: 640px) {
    .inside {
      padding: var(--space-4);
    }
  }
`;
