/** Words from the catalogues: the console's own, and telemetry's for kinds, reasons, conditions and severities. */
import problemsEn from "@console-words/en.json";
import problemsVi from "@console-words/vi.json";
import telemetryEn from "@telemetry-texts/en.json";
import telemetryVi from "@telemetry-texts/vi.json";
import { language } from "../live/preferences.ts";
import en from "../texts/en.json";
import vi from "../texts/vi.json";

export type TextKey = keyof typeof vi;
export type Holes = Record<string, string | number>;

const own: Record<"vi" | "en", Record<string, string>> = { vi, en };

interface Worded {
  kind: Record<string, string>;
  reason: Record<string, string>;
  condition: Record<string, { title: string; advice: string }>;
  severity: Record<string, string>;
  alarm: Record<string, string>;
  dated_by: Record<string, string>;
}
const shared: Record<"vi" | "en", Worded> = { vi: telemetryVi, en: telemetryEn };

/**
 * The text of a key in the reader's language with its {holes} filled. "{n} ward|{n} wards" is one and many, by n.
 */
export function t(key: TextKey, holes: Holes = {}): string {
  return fill(own[language()][key] ?? key, holes);
}

export function fill(text: string, holes: Holes): string {
  const forms = text.split("|");
  const form = forms.length > 1 && holes.n !== 1 && holes.n !== "1" ? forms[1] : forms[0];
  return (form ?? text).replace(/\{(\w+)\}/g, (whole, name: string) => String(holes[name] ?? whole));
}

/** A key that is made at run time; the code itself where the catalogue has none, so that nothing reads empty. */
export function tOr(key: string, otherwise: string): string {
  return own[language()][key] ?? otherwise;
}

const spoken = (code: string) => code.replaceAll("_", " ");

export const kindWord = (kind: string): string => shared[language()].kind[kind] ?? spoken(kind);

/** The kind as it stands inside a sentence. */
export function kindInSentence(kind: string): string {
  const word = kindWord(kind);
  return /^[A-ZĐ]{2}/.test(word) ? word : word.charAt(0).toLocaleLowerCase(language()) + word.slice(1);
}

export const conditionTitle = (rule: string): string =>
  shared[language()].condition[rule]?.title ?? spoken(rule).replace(/^./, (first) => first.toUpperCase());

export const conditionAdvice = (rule: string): string => shared[language()].condition[rule]?.advice ?? "";

export const reasonWords = (code: string): string => shared[language()].reason[code] ?? spoken(code);

/** What tells the time of a replayed picture. */
export const datedBy = (code: string): string => shared[language()].dated_by[code] ?? spoken(code);

/** A reason has two sentences: what is so, and what to do about it. */
export function reasonParts(code: string): { what: string; advice: string } {
  const words = reasonWords(code);
  const end = words.indexOf(". ");
  return end < 0
    ? { what: words.replace(/\.$/, ""), advice: "" }
    : { what: words.slice(0, end), advice: words.slice(end + 2) };
}

/** What a device complains of, by the name that its collector gives the alarm. */
export const alarmWord = (name: string): string => shared[language()].alarm[name] ?? spoken(name);

export const severityWord = (severity: string): string => shared[language()].severity[severity] ?? severity;

const problems: Record<"vi" | "en", Record<string, string>> = { vi: problemsVi.problem, en: problemsEn.problem };

/** An API problem's words, by its code. */
export const problemWords = (code: string): string =>
  problems[language()][code] ?? tOr(`error.${code}`, t("error.other", { code }));
