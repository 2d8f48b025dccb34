// Why there is no answer: what failed and whose fault it is, its code, whether it was charged, and
// what can be done.
import "el/copy";
import { button, icon, make } from "playground/dom";
import { money, nano } from "playground/figures";

const RAW_CHARACTERS_MAX = 300;
const TITLES = {
  400: "The request was refused", 401: "The account's key refuses", 402: "Not enough credits", 403: "The request was refused",
  408: "No answer in time", 429: "Too many requests", 502: "No provider could answer", 503: "No provider is left",
};

function title_of({ code, metadata }) {
  const who = metadata?.provider_name;
  if (who && code === 429) return `${who} is rate-limited upstream`;
  if (who && code === 403) return `${who} refused the input`;
  if (who) return `${who} failed`;
  return TITLES[code] ?? "The answer failed";
}

export function copy_button(text, label) {
  const mark = (name, css) => make("span", { class: css }, icon(name, "sm"));
  const copy = make(
    "button", { type: "button", class: "copy", "data-text": text, "aria-label": `Copy ${label}`, title: `Copy ${label}` },
    mark("copy", "icon-idle"), mark("check", "icon-done"),
  );
  return make("x-copy", {}, copy);
}

const charged = (message) => {
  const cost = nano(message.cost);
  return cost ? `charged ${money(cost)}` : "not charged";
};

function facts(message) {
  const { code, metadata = {} } = message.error;
  const wait = metadata?.retry_after_seconds;
  return make(
    "p", { class: "error-facts" },
    code && make("span", {}, String(code)),
    wait && make("span", {}, `retry after ${wait} s`),
    make("span", {}, charged(message)),
    message.generation && make("span", { class: "copy-line" }, make("span", { class: "id" }, message.generation), copy_button(message.generation, "generation id")),
  );
}

function tried(attempts) {
  if (!attempts?.length) return "";
  return attempts.length === 1 ? "1 provider tried, none left." : `${attempts.length} attempts, none left.`;
}

// The provider's own words, which say more than ours of it (complaint 1).
function raw_words(raw) {
  if (!raw) return "";
  let found = raw;
  try {
    found = typeof raw === "string" ? JSON.parse(raw) : raw;
  } catch { /* It is a text. */ }
  const words = found?.error?.message ?? found?.message ?? found?.error ?? found;
  return typeof words === "string" ? words.slice(0, RAW_CHARACTERS_MAX) : "";
}

const ended = (sentence) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`);

function reason({ error, figures }) {
  const { metadata } = error;
  const said = raw_words(metadata?.raw);
  const remedy = metadata?.remedy_hint ?? "";
  const words = [
    said && error.message === "Provider returned error" ? "" : error.message,
    said && `${metadata?.provider_name ?? "The provider"} says: ${said}`,
    tried(figures?.attempts), error.message.includes(remedy) ? "" : remedy,
  ];
  return words.filter(Boolean).map(ended).join(" ");
}

export function error_card(message, { on_retry, on_switch, credits }) {
  const { error } = message;
  const details = make("pre", { class: "error-details", hidden: true, tabindex: "0", "aria-label": "Details" }, JSON.stringify(error, null, 2));
  const toggle = button({
    text: "Details", variant: "ghost", "aria-expanded": "false",
    onclick: (event) => {
      details.hidden = !details.hidden;
      event.currentTarget.setAttribute("aria-expanded", String(!details.hidden));
    },
  });
  return make(
    "div", { class: "pane-error" },
    make(
      "div", { class: "callout callout-bad error-card" }, icon("circle-alert"),
      make("p", { class: "callout-title" }, title_of(error)),
      make("div", {}, reason(message)), facts(message),
    ),
    make(
      "div", { class: "pane-error-actions" },
      error.code === 402 && credits && make("a", { class: "button button-sm button-primary", href: credits }, "Add credits"),
      button({ text: "Retry", icon: "rotate-ccw", onclick: on_retry }),
      button({ text: "Switch model", onclick: on_switch }), toggle,
    ),
    details,
  );
}
