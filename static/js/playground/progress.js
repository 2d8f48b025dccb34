// How far an answer is, before its first word: Queued, Connecting, Processing n s; and after long
// silence, what one can do.
import { button, icon, make } from "playground/dom";

export const SILENCE_MS = 20_000;

export const is_silent = (live, now = Date.now()) => now - (live.heard_at ?? live.asked_at ?? now) > SILENCE_MS;

export function words(message, now = Date.now()) {
  const { live } = message;
  const who = live.provider || "a provider";
  const elapsed = live.since ? `${((now - live.since) / 1000).toFixed(1)} s` : "";
  if (live.is_stopping) return "Stopping…";
  if (is_silent(live, now)) return `Still waiting for ${who}: nothing was heard for ${Math.floor((now - (live.heard_at ?? live.asked_at)) / 1000)} s.`;
  if (live.status === "queued") return "Queued";
  if (live.status === "processing") return `${who} is processing… ${elapsed}`;
  const again = live.attempt > 1 ? `, attempt ${live.attempt}` : "";
  return `Connecting to ${who}${again}… ${elapsed}`;
}

export class Progress {
  constructor({ on_stop, on_switch }) {
    this.text = make("span", { class: "progress-text" });
    this.choices = make(
      "span", { class: "progress-choices", hidden: true },
      button({ text: "Stop", icon: "square", onclick: on_stop }), button({ text: "Switch model", onclick: on_switch }),
    );
    this.element = make("div", { class: "progress" }, icon("loader-circle"), this.text, this.choices);
  }

  // Called many times a second: what did not change is not written.
  show(message) {
    message.live.asked_at ??= Date.now();
    const text = words(message);
    if (text !== this.shown) this.text.textContent = this.shown = text;
    this.choices.hidden = !is_silent(message.live);
  }
}
