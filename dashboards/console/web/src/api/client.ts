/** The console's HTTP API. Every error leaves here as an ApiError with a code that the text catalogue words. */
import type {
  ConditionSpan,
  Evidence,
  History,
  Me,
  Metric,
  Problem,
  RecorderEvidence,
  SiteInfo,
  WardPage,
  WardsPage,
} from "./types.ts";

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What the pages ask for; the gallery and the tests hand in another. */
export interface Api {
  me(): Promise<Me>;
  signIn(user: string, password: string): Promise<Me>;
  signOut(): Promise<void>;
  changePassword(old: string, fresh: string): Promise<void>;
  site(): Promise<SiteInfo>;
  metrics(): Promise<Metric[]>;
  wards(): Promise<WardsPage>;
  ward(ward: string): Promise<WardPage>;
  history(place: Place, metric: string, instance: string, from: number, to: number): Promise<History>;
  conditions(place: Place, from: number, to: number): Promise<ConditionSpan[]>;
  poll(place: Place): Promise<void>;
  evidence(camera: Place): Promise<Evidence>;
  coverage(recorder: Place): Promise<RecorderEvidence>;
}

export interface Place {
  ward: string;
  device: string;
}

const ANSWER_WITHIN_MS = 15_000;

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  } catch (error) {
    throw new ApiError(0, "no_connection", String(error));
  }
  if (!answer.ok) throw await problem(answer);
  if (answer.status === 204) return undefined as T;
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

async function problem(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  try {
    const told = JSON.parse(text) as Partial<Problem>;
    return new ApiError(answer.status, told.code ?? `http_${answer.status}`, told.message ?? text);
  } catch (error) {
    if (error instanceof SyntaxError) return new ApiError(answer.status, `http_${answer.status}`, text);
    throw error;
  }
}

const at = ({ ward, device }: Place) => `/api/wards/${encodeURIComponent(ward)}/devices/${encodeURIComponent(device)}`;

const span = (from: number, to: number) => ({ from_ms: String(Math.floor(from)), to_ms: String(Math.ceil(to)) });

export const httpApi: Api = {
  me: () => ask("GET", "/api/session"),
  signIn: (user, password) => ask("POST", "/api/session", { user, password }),
  signOut: () => ask("DELETE", "/api/session"),
  changePassword: (old, fresh) => ask("POST", "/api/password", { old, new: fresh }),
  site: () => ask("GET", "/api/site"),
  metrics: () => ask("GET", "/api/metrics"),
  wards: () => ask("GET", "/api/wards"),
  ward: (ward) => ask("GET", `/api/wards/${encodeURIComponent(ward)}`),
  history: (place, metric, instance, from, to) =>
    ask("GET", `${at(place)}/history?${new URLSearchParams({ metric, instance, ...span(from, to) })}`),
  conditions: async (place, from, to) =>
    (await ask<{ spans: ConditionSpan[] }>("GET", `${at(place)}/conditions?${new URLSearchParams(span(from, to))}`))
      .spans,
  poll: (place) => ask("POST", `${at(place)}/poll`),
  evidence: (camera) => ask("GET", `${at(camera)}/evidence`),
  coverage: (recorder) => ask("GET", `${at(recorder)}/coverage`),
};

/** Where a picture that evidence names is; what a hash names never changes. */
export const pictureAddress = (ward: string, sha256: string): string =>
  `/api/blobs/${sha256}?${new URLSearchParams({ ward })}`;

/** Where a camera's newest picture is. Whoever asks is sent the next one soon; its hash makes each one another. */
export const thumbnailAddress = (camera: Place, sha256: string): string =>
  `${at(camera)}/thumbnail?of=${sha256.slice(0, 16)}`;
