/** The pages' addresses, and moving between them without loading anew. */

export type Route =
  | { page: "district" }
  | { page: "ward"; ward: string; device?: undefined }
  | { page: "device"; ward: string; device: string }
  | { page: "sign-in" }
  | { page: "account" }
  | { page: "about" }
  | { page: "unknown" };

export function routeOf(path: string): Route {
  const [first, ...rest] = path.split("/").filter(Boolean).map(decoded);
  if (first === undefined) return { page: "district" };
  if (rest.length === 0 && (first === "sign-in" || first === "account" || first === "about")) return { page: first };
  const [ward, devices, device] = rest;
  if (first === "wards" && ward) {
    if (rest.length === 1) return { page: "ward", ward };
    if (rest.length === 3 && devices === "devices" && device) return { page: "device", ward, device };
  }
  return { page: "unknown" };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}

/** Where to go after sign-in: only an address of our own. */
export function returnPath(search: string): string {
  const asked = new URLSearchParams(search).get("to") ?? "/";
  return asked.startsWith("/") && !asked.startsWith("//") && !asked.includes("\\") ? asked : "/";
}

let moved = Number.NEGATIVE_INFINITY;

/** When the reader last went to another page, in the terms of performance.now(). */
export const movedMs = (): number => moved;

export function go(path: string, replace = false): void {
  moved = performance.now();
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate", { state: "pushed" }));
}

/** Turns plain clicks on our own links into moves. Everything else (new tab, download) stays the browser's. */
export function followLinks(): void {
  addEventListener("click", (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.composedPath().find((each) => each instanceof HTMLAnchorElement);
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname.includes(".") || link.hash) return;
    event.preventDefault();
    if (link.href !== location.href) go(link.pathname + link.search);
  });
}

export function toSignIn(): void {
  const here = location.pathname + location.search;
  go(here === "/" ? "/sign-in" : `/sign-in?${new URLSearchParams({ to: here })}`, true);
}
