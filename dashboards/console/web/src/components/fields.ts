/** Fields of the few forms. */
import { css } from "lit";

export const fieldStyles = css`
  .field {
    display: grid;
    gap: var(--space-1);
    margin-bottom: var(--space-4);
  }
  label {
    font-size: var(--size-2);
    font-weight: 500;
  }
  input {
    width: 100%;
    height: 44px;
    padding: 0 var(--space-3);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-2);
    background: var(--surface);
    font-size: 1rem;
  }
  input:focus-visible {
    outline-offset: -1px;
    border-radius: var(--radius-2);
  }
  .with {
    position: relative;
  }
  .with input {
    padding-right: 48px;
  }
  .peek {
    position: absolute;
    inset: 0 0 0 auto;
    display: grid;
    place-items: center;
    width: 44px;
    border: 0;
    background: none;
    color: var(--ink-3);
    cursor: pointer;
  }
  .wide {
    margin-top: var(--space-2);
    width: 100%;
    min-height: 44px;
    font-size: var(--size-3);
  }
  .problem,
  .done {
    display: flex;
    gap: var(--space-2);
    align-items: flex-start;
    min-height: 40px;
    padding-block: var(--space-3);
    font-size: var(--size-2);
    line-height: 1.45;
  }
  .problem {
    color: var(--failure);
  }
  .problem svg {
    color: var(--failure-mark);
  }
  .done svg {
    color: var(--proven-mark);
  }
`;
