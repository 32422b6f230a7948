import { css } from "lit";

export const frameStyles = css`
  .inner {
    display: block;
    width: 100%;
    max-width: 1280px;
    margin-inline: auto;
    padding-inline: var(--space-8);
  }
  .skip {
    position: absolute;
    left: var(--space-4);
    top: -60px;
    z-index: 20;
    padding: var(--space-2) var(--space-4);
    border-radius: var(--radius-2);
    background: var(--ink);
    color: var(--on-ink);
  }
  .skip:focus {
    top: var(--space-2);
  }
  .bar {
    position: sticky;
    top: 0;
    z-index: 10;
    border-bottom: 1px solid var(--line);
    background: var(--surface);
  }
  .bar .inner {
    display: flex;
    align-items: center;
    gap: var(--space-4);
    height: 56px;
  }
  .brand {
    display: flex;
    align-items: center;
    gap: var(--space-2);
    min-height: 44px;
    font-weight: 600;
    text-decoration: none;
    white-space: nowrap;
  }
  img {
    display: block;
    border-radius: 6px;
  }
  .trail {
    flex: 1;
    min-width: 0;
    color: var(--ink-2);
    font-size: var(--size-2);
  }
  ol {
    display: flex;
    align-items: center;
    min-width: 0;
  }
  li {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  li::before {
    content: "/";
    margin-inline: var(--space-2);
    color: var(--line-strong);
  }
  li a {
    text-decoration: none;
    padding-block: var(--space-2);
  }
  li a:hover {
    color: var(--ink);
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  .end {
    display: flex;
    align-items: center;
    gap: var(--space-3);
  }
  main {
    padding-block: var(--space-8) var(--space-12);
    min-height: calc(100vh - 60px);
  }
  main:focus {
    outline: none;
  }
  .suggest {
    border-bottom: 1px solid var(--line);
    background: var(--info-ground);
    color: var(--info);
    font-size: var(--size-2);
  }
  .suggest .inner {
    padding-block: var(--space-2);
  }
  .suggest a {
    font-weight: 600;
  }
  .notice {
    position: fixed;
    z-index: 9;
    left: 50%;
    bottom: var(--space-6);
    translate: -50% 0;
    width: max-content;
    max-width: calc(100vw - 32px);
  }
  .notice p {
    padding: var(--space-3) var(--space-4);
    border: 1px solid var(--line-strong);
    border-left: 4px solid var(--attention-mark);
    border-radius: var(--radius-2);
    background: var(--surface);
    box-shadow: var(--shadow-raised);
    font-size: var(--size-2);
    font-weight: 500;
  }
  .notice.back p {
    border-left-color: var(--proven-mark);
  }
  @media (max-width: 640px) {
    .inner {
      padding-inline: var(--space-4);
    }
    .bar .inner {
      gap: var(--space-2);
    }
    .trail li:not(:nth-last-child(2)) {
      display: none;
    }
    .trail li::before {
      content: "‹";
      color: var(--ink-2);
      font-size: var(--size-4);
      line-height: 1;
    }
    .trail li:only-child {
      display: none;
    }
    .brand:has(+ nav) span {
      display: none;
    }
    .brand {
      min-width: 44px;
    }
    main {
      padding-block: var(--space-5) var(--space-10);
    }
  }
`;
