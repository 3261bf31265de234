/** Numbers and times as the page writes them, in its language. */

import { language, t } from "../shared/i18n";

const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const one = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
/** What stands for a number that is not known. */
export const NOTHING = "–";

export function rows(count: number | null): string {
  return count === null ? NOTHING : whole.format(count);
}

/** Return the count in few letters, as `1.2M`, for where there is little room. */
export function shortRows(count: number): string {
  return count < 10_000 ? whole.format(count) : short.format(count);
}

const plurals = new Intl.PluralRules(language);

/** Return a number with the word for it: `counted(1, t("{n} row"), t("{n} rows"))`. */
export function counted(count: number, singular: string, plural: string, written: (count: number) => string = rows): string {
  return (plurals.select(count) === "one" ? singular : plural).replace("{n}", written(count));
}

/** Return bytes as B, kB, MB or GB, of a thousand each. */
export function size(bytes: number | null): string {
  if (bytes === null) return NOTHING;
  const units = [t("B"), t("kB"), t("MB"), t("GB"), t("TB")];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value < 10 && unit > 0 ? one.format(value) : whole.format(value)} ${units[unit]}`;
}

/** Return seconds as people say them: 340 ms, 2.3 s, 1 min 05 s, 2 h 03 min, 3 d 4 h. */
export function duration(seconds: number | null): string {
  if (seconds === null || Number.isNaN(seconds)) return NOTHING;
  const value = Math.max(seconds, 0);
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (value < 59.95) return `${tenths.format(value)} s`;
  const all = Math.round(value);
  const [minutes, hours, days] = [Math.floor(all / 60), Math.floor(all / 3600), Math.floor(all / 86_400)];
  if (hours === 0) return `${minutes} min ${two(all % 60)} s`;
  if (days === 0) return `${hours} h ${two(minutes % 60)} min`;
  return t("{days} d {hours} h", { days, hours: hours % 24 });
}

/** Return a round time of an axis in few letters: 20 ms, 5 s, 2 min, 1 h 30 min. */
export function axisTime(milliseconds: number): string {
  if (milliseconds < 1000 && milliseconds > 0) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  const parts = [t("{days} d", { days }), `${hours} h`, `${minutes} min`, `${one.format(seconds % 60)} s`];
  const said = [days, hours, minutes, seconds % 60].flatMap((value, index) => (value > 0 ? [parts[index]!] : []));
  return said.length > 0 ? said.join(" ") : "0";
}

/** Return a duration that is still running, in steps of whole seconds, so that it reads calmly. */
export function running(seconds: number): string {
  const all = Math.max(Math.floor(seconds), 0);
  return all < 60 ? `${all} s` : duration(all);
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

const moments = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const days = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const times = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** Return a moment in the reader's time zone: with its day, unless that is the day of `now`. */
export function moment(iso: string | null, now: number): string {
  if (iso === null) return NOTHING;
  const at = new Date(iso);
  return days.format(at) === days.format(now) ? times.format(at) : moments.format(at);
}

const zones = new Intl.DateTimeFormat(language, { timeZoneName: "short" });

/** Return the reader's time zone at a moment: in few letters, as `GMT+1`, and by its name, as `Europe/Paris`. */
export function zone(iso: string): { short: string; name: string } {
  const short = zones.formatToParts(new Date(iso)).find((part) => part.type === "timeZoneName")?.value ?? "";
  return { short, name: zones.resolvedOptions().timeZone };
}

export function clock(at: number): string {
  return times.format(at);
}

/** Return the time of day with thousandths of a second, for logs. */
export function precise(iso: string): string {
  const at = new Date(iso);
  return `${times.format(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** Return a value of a row, or of a param, as text. */
export function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
