import { css } from "lit";

export const deviceStyles = css`
  .two {
    display: grid;
    grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr);
    gap: 0 var(--space-6);
    align-items: start;
  }
  .two.camera {
    grid-template-columns: minmax(0, 1fr) minmax(280px, 320px);
  }
  .camera .head {
    grid-template-columns: auto minmax(0, 1fr);
  }
  .camera .ask {
    grid-column: 1 / -1;
    grid-template-columns: auto 1fr;
    align-items: center;
  }
  camera-view:not(:defined) {
    display: block;
    aspect-ratio: 16 / 9;
    border-radius: var(--radius-3);
    background: #101418;
  }
  .face {
    display: grid;
    gap: var(--space-6);
    padding: var(--space-4) var(--space-5) var(--space-5);
  }
  .head {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr) auto;
    gap: var(--space-3);
    align-items: start;
  }
  .head > svg {
    margin-top: 1px;
    color: var(--ink-3);
  }
  .name {
    font-weight: 600;
    line-height: 1.4;
  }
  .ask {
    display: grid;
    justify-items: end;
    gap: var(--space-1);
  }
  .title {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: var(--space-3);
    margin-bottom: var(--space-3);
  }
  .title h2 {
    margin: 0;
  }
  .ranges {
    display: inline-flex;
    padding: 2px;
    border-radius: var(--radius-2);
    background: var(--sunken);
  }
  .ranges button {
    min-height: calc(var(--target) - 4px);
    padding: 0 var(--space-3);
    border: 0;
    border-radius: 6px;
    background: none;
    color: var(--ink-2);
    font-size: var(--size-2);
    white-space: nowrap;
    cursor: pointer;
  }
  .ranges button[aria-pressed="true"] {
    background: var(--surface);
    box-shadow: var(--shadow);
    color: var(--ink);
    font-weight: 500;
  }
  .charts {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--space-5);
    padding: var(--space-4);
  }
  @media (max-width: 900px) {
    .two,
    .two.camera {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  @media (max-width: 640px) {
    .face {
      padding: var(--space-4);
    }
    .charts {
      padding: var(--space-4) var(--space-2);
    }
    .title {
      flex-wrap: wrap;
    }
    .ranges {
      flex: 1 0 100%;
    }
    .ranges button {
      flex: 1 0 auto;
      padding: 0 var(--space-2);
    }
    .head {
      grid-template-columns: auto minmax(0, 1fr);
    }
    .ask {
      grid-column: 1 / -1;
      display: flex;
      align-items: center;
      justify-content: space-between;
    }
  }
`;
