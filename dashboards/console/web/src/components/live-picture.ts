/** What a camera sees, now; or why not, and since when. Never an old picture that looks live. */
import { html, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { thumbnailAddress } from "../api/client.ts";
import type { Thumbnail } from "../api/types.ts";
import { movedMs } from "../app/router.ts";
import { now as serverNow } from "../live/clock.ts";
import { CanvasPlayer, canPlayOnCanvas } from "../picture/canvas-player.ts";
import type { Heard, Player, Progress, StreamName } from "../picture/messages.ts";
import type { Note } from "../picture/records.ts";
import { canPlayInVideo } from "../picture/source-feed.ts";
import { type Condition, conditionOf, type Facts, type PictureState } from "../picture/state.ts";
import { VideoPlayer } from "../picture/video-player.ts";
import { ago, clock, momentOf, number } from "../words/format.ts";
import { pictureReason } from "../words/picture.ts";
import { t } from "../words/text.ts";
import { Part, shared } from "./base.ts";
import { icon, kindIcon } from "./icons.ts";
import { livePictureStyles } from "./live-picture-styles.ts";

const LOOK_EVERY_MS = 250;
/** A picture later than this says so. */
const LATE_MS = 1_000;
/** A page that opened this long ago is not what the reader just clicked for. */
const CLICKED_WITHIN_MS = 3_000;
const LEFTOVER_MS = 700;
const NEAR = "120px";
const MOST_AGES = 20_000;

const asked = () => new URLSearchParams(location.search);
const epoch = () => performance.timeOrigin + performance.now();

@customElement("live-picture")
export class LivePicture extends Part {
  @property() ward = "";
  @property() device = "";
  @property() stream: StreamName = "sub";
  /** The camera's name, for who does not see the picture. */
  @property() name = "";
  /** The newest picture that the ward sent by itself: what is shown, with its age, until the stream is there. */
  @property({ attribute: false }) thumbnail: Thumbnail | null = null;
  /** On its own page "f" works wherever the focus is. */
  @property({ type: Boolean }) keys = false;
  /** In the gallery: a state by hand, without a camera. */
  @property({ attribute: false }) shown: (Condition & { picture?: string }) | undefined;
  /** Likewise: the thumbnail's image. */
  @property({ attribute: false }) shownThumbnail = "";
  @property({ reflect: true, attribute: "data-state" }) state: PictureState = "connecting";
  @property({ reflect: true, attribute: "data-path" }) path: "webcodecs" | "mse" | "none" = "none";
  @state() private condition: Condition = { state: "connecting", sinceMs: null, reason: "", detail: "" };
  @state() private large = false;
  @state() private lateMs = 0;
  @query(".stage") private stage!: HTMLElement;

  /** For measurements. Counted since the element came into the page. */
  framesDrawn = 0;
  /** From the click that led here, or from the element's coming, to the first frame drawn. */
  firstFrameMs: number | null = null;
  /** When the newest frame was drawn, ms since 1970 by this machine's clock. */
  lastDrawnMs: number | null = null;
  codec = "";
  size = { width: 0, height: 0 };
  /** Which stream is in sight. */
  playing: StreamName | null = null;
  /** With ?measure: how old the burned-in clock was at each drawn frame, ms. */
  glassToGlassMs: number[] = [];

  #player: Player | undefined;
  #facts: Facts = { paused: true, openedMs: epoch(), frameMs: null, trouble: null, lostMs: null };
  #askedMs = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #near = false;
  #showing = "";
  #drawnBefore = 0;
  #sight: IntersectionObserver | undefined;
  #look: ReturnType<typeof setInterval> | undefined;

  static override styles = [shared, livePictureStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.dataset.testid = `live-${this.device}`;
    if (this.shown) return;
    const now = performance.now();
    this.#askedMs = now - movedMs() < CLICKED_WITHIN_MS ? movedMs() : now;
    this.framesDrawn = this.#drawnBefore = 0;
    this.firstFrameMs = null;
    document.addEventListener("visibilitychange", this.#turn);
    document.addEventListener("fullscreenchange", this.#resized);
    addEventListener("online", this.#hurry);
    addEventListener("keydown", this.#key);
    this.#sight = new IntersectionObserver(
      (entries) => {
        this.#near = entries.at(-1)?.isIntersecting ?? false;
        this.#turn();
      },
      { rootMargin: NEAR },
    );
    this.#sight.observe(this);
    this.#look = setInterval(() => this.#judge(), LOOK_EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#turn);
    document.removeEventListener("fullscreenchange", this.#resized);
    removeEventListener("online", this.#hurry);
    removeEventListener("keydown", this.#key);
    this.#sight?.disconnect();
    clearInterval(this.#look);
    this.#leave();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.shown) {
      this.condition = this.shown;
      this.state = this.shown.state;
    }
    if (this.hasUpdated && (changed.has("ward") || changed.has("device"))) {
      this.dataset.testid = `live-${this.device}`;
      this.#leave();
    }
  }

  protected override updated(): void {
    this.#turn();
  }

  /** The pixels in sight; undefined before the first frame. */
  snapshot(): Promise<ImageData | undefined> {
    return this.#player?.photograph() ?? Promise.resolve(undefined);
  }

  /** Plays what is to be played now: the stream that this size calls for, while somebody can see it. */
  #turn = (): void => {
    if (this.shown || !this.isConnected || !this.hasUpdated || !this.ward || !this.device) return;
    const visible = !document.hidden && (this.#near || this.large);
    const stream = this.large ? "main" : this.stream;
    const showing = visible ? stream : "";
    if (showing === this.#showing) return;
    const resumed = this.#showing === "";
    this.#showing = showing;
    if (!visible) {
      this.#player?.pause();
      this.#facts = { ...this.#facts, paused: true };
    } else {
      const player = this.#make();
      if (!player) return;
      // What stood there while nobody looked is old: it is live again from the first new frame on.
      if (resumed) this.#facts = { paused: false, openedMs: epoch(), frameMs: null, trouble: null, lostMs: null };
      player.show(stream, this.#address(stream));
    }
    this.#judge();
  };

  #address(stream: StreamName): string {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const place = [this.ward, this.device, stream].map(encodeURIComponent).join("/");
    return `${scheme}//${location.host}/api/live/${place}`;
  }

  #make(): Player | undefined {
    if (this.#player) return this.#player;
    const heard: Heard = {
      progress: (progress) => this.#progress(progress),
      note: (note) => this.#note(note),
      connected: (yes, reason) => this.#connected(yes, reason),
    };
    const measure = asked().has("measure");
    if (canPlayOnCanvas() && asked().get("player") !== "mse") this.#player = new CanvasPlayer(heard, measure);
    else if (canPlayInVideo()) this.#player = new VideoPlayer(heard, measure);
    else this.#trouble("no_player", "");
    if (!this.#player) return undefined;
    this.path = this.#player.path;
    this.stage.append(this.#player.view);
    return this.#player;
  }

  #leave(): void {
    this.#player?.close();
    this.#player?.view.remove();
    this.#player = undefined;
    this.#showing = "";
    this.playing = null;
    this.#drawnBefore = this.framesDrawn;
  }

  #progress(progress: Progress): void {
    if (this.#showing === "") return;
    const { drawn, drawnMs, width, height, codec, stream, lagMs, ages } = progress;
    const changed = width !== this.size.width || height !== this.size.height || stream !== this.playing;
    this.framesDrawn = this.#drawnBefore + drawn;
    this.lastDrawnMs = drawnMs;
    this.codec = codec;
    this.size = { width, height };
    this.playing = stream;
    this.lateMs = lagMs > LATE_MS ? Math.round(lagMs / 1000) * 1000 : 0;
    if (ages.length && this.glassToGlassMs.length < MOST_AGES) this.glassToGlassMs.push(...ages);
    // What was on its way when the trouble began does not mean that it is over.
    const trouble = drawnMs - this.#toldMs < LEFTOVER_MS ? this.#facts.trouble : null;
    this.#facts = { ...this.#facts, frameMs: drawnMs, trouble, lostMs: null };
    if (this.firstFrameMs === null) this.firstFrameMs = drawnMs - performance.timeOrigin - this.#askedMs;
    this.#judge();
    if (changed) this.dispatchEvent(new CustomEvent("picture", { bubbles: true, composed: true }));
  }

  #note(note: Note): void {
    if (note.type === "trouble") this.#trouble(note.reason, note.detail);
  }

  #trouble(reason: string, detail: string): void {
    this.#toldMs = epoch();
    const sinceMs = this.#facts.trouble?.reason === reason ? this.#facts.trouble.sinceMs : epoch();
    this.#facts = { ...this.#facts, trouble: { reason, detail, sinceMs } };
    this.#judge();
  }

  #connected(yes: boolean, reason: string): void {
    if (reason) this.#trouble(reason, "");
    this.#facts = { ...this.#facts, lostMs: yes || reason ? null : (this.#facts.lostMs ?? epoch()) };
    this.#judge();
  }

  #judge(): void {
    const next = conditionOf(this.#facts, epoch());
    const before = this.condition;
    if (next.state === before.state && next.reason === before.reason && next.sinceMs === before.sinceMs) return;
    if (next.state === before.state && next.state === "playing") return;
    this.condition = next;
    // At once, not with the next drawing: tests and screen readers ask for it.
    this.state = next.state;
  }

  #hurry = (): void => this.#player?.hurry();

  #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const path = event.composedPath();
    if (path.some((each) => each instanceof HTMLInputElement || each instanceof HTMLTextAreaElement)) return;
    if (event.key === "Escape" && this.large && !document.fullscreenElement) this.#enlarge(false);
    else if (event.key === "f" && (this.keys || this.large || path.includes(this))) {
      event.preventDefault();
      this.toggleFullscreen();
    }
  };

  toggleFullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (this.large) this.#enlarge(false);
    else if (this.requestFullscreen) this.requestFullscreen().catch(() => this.#enlarge(true));
    else this.#enlarge(true);
  }

  // Not document.fullscreenElement: that names the host of the outermost shadow tree.
  #resized = (): void => this.#enlarge(this.matches(":fullscreen"));

  /** Where a browser has no full screen for elements (iPhone), the picture takes the whole window. */
  #enlarge(large: boolean): void {
    this.large = large;
    this.toggleAttribute("large", large);
    this.toggleAttribute("over", large && !this.matches(":fullscreen"));
  }

  #press = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
    this.toggleFullscreen();
  };

  override render() {
    const { state: now } = this.condition;
    const thumbnail = this.#thumbnail;
    const classes = ["frame", now, this.#hasPicture || thumbnail ? "has-picture" : "", thumbnail ? "thumbnail" : ""];
    return html`<div class=${classes.filter(Boolean).join(" ")}>
      <div class="stage" role="img" aria-label=${this.#label()}>
        ${this.shown?.picture ? html`<img src=${this.shown.picture} alt="" />` : nothing}
        ${thumbnail ? html`<img src=${thumbnail} alt="" />` : nothing}
      </div>
      ${thumbnail ? this.#age() : nothing}
      ${now === "playing" ? this.#badge() : this.#words()}
      <button class="full" @click=${this.#press} title=${this.#fullLabel()} aria-label=${this.#fullLabel()}>
        ${icon(this.large ? "shrink" : "expand", 18)}
      </button>
    </div>`;
  }

  /** Its address while there is nothing newer; "" else. */
  get #thumbnail(): string {
    if (!this.thumbnail || this.#hasPicture || this.condition.state === "playing") return "";
    return this.shownThumbnail || thumbnailAddress({ ward: this.ward, device: this.device }, this.thumbnail.sha256);
  }

  #age() {
    const taken = this.thumbnail?.taken_ms ?? 0;
    const words = t("picture.taken", { ago: ago(taken, serverNow()) });
    return html`<p class="badge taken" data-testid="thumbnail-${this.device}" title=${momentOf(taken, true)}>${words}</p>`;
  }

  get #hasPicture(): boolean {
    return this.shown ? this.shown.picture !== undefined : this.lastDrawnMs !== null;
  }

  #fullLabel(): string {
    return `${t(this.large ? "picture.shrink" : "picture.expand")} (f)`;
  }

  #label(): string {
    return `${t("picture.label", { name: this.name || this.device })}: ${t(`picture.state.${this.condition.state}`)}`;
  }

  #badge() {
    const late = this.lateMs > 0;
    const words = late ? t("picture.late", { n: number(this.lateMs / 1000) }) : t("picture.live");
    return html`<p class="badge ${late ? "late" : ""}"><i></i>${words}</p>`;
  }

  #words() {
    const { state: now, sinceMs, reason, detail } = this.condition;
    if (now === "connecting" && this.#thumbnail) return nothing;
    if (now === "connecting") {
      return html`<div class="words wait" role="status">${kindIcon("camera", 28)}
        <p class="what">${t("picture.state.connecting")}</p></div>`;
    }
    if (now === "paused") {
      return html`<div class="words"><div class="note"><p class="what">${t("picture.state.paused")}</p></div></div>`;
    }
    const { what, advice } = pictureReason(reason);
    const since = sinceMs === null ? "" : t("health.since", { time: clock(sinceMs, true) });
    return html`<div class="words" role="status" title=${detail || nothing}>
      <div class="note">
        ${icon(now === "trouble" ? "failure" : "unreachable", 24)}
        <p class="what">${this.#head(now)} <span class="num">${since}</span></p>
        <p class="why">${what}.</p>
        ${advice ? html`<p class="why advice">${advice}</p>` : nothing}
        <p class="again">${t("picture.retrying")}</p>
      </div>
    </div>`;
  }

  #head(now: PictureState): string {
    if (now === "trouble") return t("picture.state.trouble");
    return t(this.#hasPicture ? "picture.state.stalled" : "picture.state.none");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "live-picture": LivePicture;
  }
  interface HTMLElementEventMap {
    /** The picture's size or stream is another now. */
    picture: CustomEvent<void>;
  }
}
