// Numbers for people, as ui.format writes them: dollars come as text and are counted in whole
// nano-dollars, so that a sum of costs is exact.
const NANO_PLACES = 9;
const NANO = 10 ** NANO_PLACES;
export const UNKNOWN = "—";

export function nano(dollars) {
  if (dollars === null || dollars === undefined || dollars === "") return null;
  const text = String(dollars);
  const sign = text.startsWith("-") ? -1 : 1;
  const [whole, rest = ""] = text.replace("-", "").split(".");
  return sign * (Number(whole) * NANO + Number(rest.padEnd(NANO_PLACES, "0").slice(0, NANO_PLACES)));
}

function written(units, places) {
  const whole = Math.floor(units / 10 ** places);
  const decimals = String(units % 10 ** places).padStart(places, "0").replace(/0+$/, "").padEnd(2, "0");
  return `${whole.toLocaleString("en-US")}.${decimals}`;
}

// $41.07, $0.0118, $0.00000016: cents from a dollar on, below it two digits that count.
export function money(amount) {
  if (amount === null || amount === undefined) return UNKNOWN;
  if (amount === 0) return "$0";
  const size = Math.abs(amount);
  const zeros = NANO_PLACES - String(size).length;
  const kept = size >= NANO ? 2 : Math.min(NANO_PLACES, Math.max(4, zeros + 2));
  const rounded = Math.floor(size / 10 ** (NANO_PLACES - kept) + 0.5);
  return `${amount < 0 ? "-" : ""}$${written(rounded, kept)}`;
}

export const money_exact = (amount) => (amount === null ? UNKNOWN : `${amount < 0 ? "-" : ""}$${written(Math.abs(amount), NANO_PLACES)}`);

// Dollars per token as text -> $0.59 of a million.
export function per_million(price) {
  const [whole, rest = ""] = price.split(".");
  const micro = Number(whole + rest.padEnd(12, "0").slice(0, 12)) / 1e6;
  if (!micro) return "$0";
  return `$${micro.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 })}`;
}

export function price_words(model) {
  if (model.kind === "router") return "Varies";
  if (model.media) return `$${Number(model.media.unit_cost)} per ${model.media.unit_steps} steps`;
  if (!Number(model.prompt) && !Number(model.completion)) return "Free";
  return `${per_million(model.prompt)} / ${per_million(model.completion)}`;
}

export function seconds(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return UNKNOWN;
  const s = milliseconds / 1000;
  if (s < 1) return `${s.toFixed(2)} s`;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  return `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
}

export const count = (number) => (number === null || number === undefined ? UNKNOWN : Math.round(number).toLocaleString("en-US"));

export function context_length(tokens) {
  if (!tokens) return UNKNOWN;
  if (tokens < 1000) return String(tokens);
  return tokens < 1e6 ? `${Math.round(tokens / 1000)}K` : `${Number((tokens / 1e6).toFixed(1))}M`;
}

// Until usage arrives nobody knows; a token is about four letters.
export const tokens_about = (text) => Math.ceil((text ?? "").length / 4);
