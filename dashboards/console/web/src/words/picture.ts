/** Why there is no picture, in words: our own where telemetry's speak of readings, the API's for what it refuses. */
import { problemWords, reasonParts, tOr } from "./text.ts";

/** Reasons that the hub gives when it closes a picture's connection. */
const REFUSALS = new Set(["not_signed_in", "unknown_place", "bad_request", "too_many_pictures", "forbidden"]);

export function pictureReason(code: string): { what: string; advice: string } {
  const own = tOr(`picture.reason.${code}`, "");
  if (!own && !REFUSALS.has(code)) return reasonParts(code);
  const words = own || problemWords(code);
  const end = words.indexOf(". ");
  return end < 0
    ? { what: words.replace(/\.$/, ""), advice: "" }
    : { what: words.slice(0, end), advice: words.slice(end + 2) };
}
