/** A picture's surroundings are dark in both themes: it is to be seen, not the page. */
import { css } from "lit";

export const livePictureStyles = css`
  :host {
    --dark: #101418;
    --pale: #e8ecf1;
    position: relative;
    aspect-ratio: 16 / 9;
    border-radius: var(--picture-radius, var(--radius-3));
    background: var(--dark);
    overflow: hidden;
    container-type: inline-size;
    color: var(--pale);
  }
  :host([large]) {
    pointer-events: auto !important;
    border-radius: 0;
  }
  :host([over]) {
    position: fixed;
    inset: 0;
    z-index: 50;
    width: 100%;
    height: 100%;
    aspect-ratio: auto;
  }
  .frame,
  .stage,
  .videos,
  canvas,
  video,
  img {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
  }
  canvas,
  video,
  img {
    display: block;
    object-fit: contain;
    transition: filter var(--ease);
  }
  /* A stream that begins stays behind the one before until it has something to show. */
  video:not(.shown) {
    opacity: 0;
  }
  .frame:not(.has-picture) .stage {
    visibility: hidden;
  }
  .frame:not(.playing) :is(canvas, video, img) {
    filter: grayscale(1) brightness(0.45) contrast(0.85);
  }
  .frame.thumbnail img {
    filter: grayscale(0.55) brightness(0.72);
  }
  .badge.taken {
    font-weight: 400;
  }
  .connecting:not(.has-picture)::before {
    content: "";
    position: absolute;
    inset: 0;
    background: #1a2027;
    animation: breathe 1.6s ease-in-out infinite alternate;
  }
  @keyframes breathe {
    to {
      opacity: 0.35;
    }
  }
  .badge {
    position: absolute;
    left: 10px;
    top: 10px;
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 2px 9px 2px 8px;
    border-radius: 999px;
    background: rgb(10 13 16 / 62%);
    color: #fff;
    font-size: var(--size-1);
    font-weight: 500;
    line-height: 20px;
  }
  .badge i {
    width: 7px;
    height: 7px;
    border-radius: 50%;
    background: #43c37a;
  }
  .badge.late i {
    border-radius: 1px;
    background: #f0b65a;
  }
  .words {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    justify-items: center;
    gap: 2px;
    padding: 8px;
    text-align: center;
    text-wrap: balance;
    font-size: var(--size-2);
    line-height: 1.45;
  }
  .note {
    display: grid;
    justify-items: center;
    gap: 2px;
    padding: var(--space-3) var(--space-4);
  }
  /* On an old picture the words stand on a ground of their own: what it shows may be bright, or text. */
  .has-picture .note {
    border-radius: var(--radius-2);
    background: rgb(10 13 16 / 78%);
  }
  .words svg {
    margin-bottom: var(--space-1);
    opacity: 0.85;
  }
  .words .what {
    color: #fff;
    font-size: var(--size-3);
    font-weight: 600;
  }
  .wait .what {
    color: #b3bcc7;
    font-size: var(--size-2);
    font-weight: 400;
  }
  .wait {
    animation: appear 200ms 400ms both;
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
  }
  .why {
    max-width: 52ch;
  }
  .again {
    margin-top: var(--space-1);
    color: #b3bcc7;
    font-size: var(--size-1);
  }
  .full {
    position: absolute;
    right: 8px;
    top: 8px;
    display: grid;
    place-items: center;
    width: var(--target);
    height: var(--target);
    padding: 0;
    border: 0;
    border-radius: var(--radius-2);
    background: rgb(10 13 16 / 55%);
    color: #fff;
    cursor: pointer;
    pointer-events: auto;
    opacity: var(--full, 0);
    transition: opacity var(--ease);
  }
  :host(:hover) .full,
  .full:focus-visible {
    opacity: 1;
  }
  @media (pointer: coarse) {
    .full {
      opacity: 1;
      background: rgb(10 13 16 / 40%);
    }
  }
  .full:hover {
    background: rgb(10 13 16 / 80%);
  }
  @container (max-width: 420px) {
    .advice,
    .again {
      display: none;
    }
    .words {
      font-size: var(--size-1);
    }
    .words .what {
      font-size: var(--size-2);
    }
    .words svg {
      display: none;
    }
    .wait svg {
      display: block;
    }
    .note {
      padding: var(--space-2) var(--space-3);
    }
  }
  /* A tile on a phone: a tap leads to the camera's page, which has the button. */
  @container (max-width: 240px) {
    .full {
      display: none;
    }
    .badge {
      left: 6px;
      top: 6px;
      padding: 0 7px 0 6px;
      font-size: 11px;
      line-height: 18px;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .connecting::before,
    .wait {
      animation: none !important;
    }
  }
`;
