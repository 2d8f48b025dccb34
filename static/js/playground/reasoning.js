// What a model thought before it answered: closed, with the time it took; it is rendered when opened.
import { Answer } from "playground/markdown";
import { painter } from "playground/painter";
import { make } from "make";

export class Reasoning {
  #text = "";
  #answer = null;
  #began = performance.now();
  #stop_clock;

  constructor() {
    this.summary = make("summary", {}, "Thinking…");
    this.body = make("div");
    this.element = make("details", { class: "reasoning", ontoggle: () => this.#open() }, this.summary, this.body);
    this.#stop_clock = painter.each((now) => this.#tell(now));
  }

  get text() {
    return this.#text;
  }

  push(text) {
    this.#text += text;
    this.#answer?.push(text);
  }

  // Without seconds: those since it began; null where nobody knows (an answer of yesterday).
  finish(seconds = (performance.now() - this.#began) / 1000) {
    this.#stop_clock();
    this.summary.textContent = seconds === null ? "Thought" : `Thought for ${spoken(seconds)}`;
    this.#answer?.finish();
    this.is_finished = true;
  }

  #tell(now) {
    const seconds = Math.floor((now - this.#began) / 1000);
    if (seconds > 0) this.summary.textContent = `Thinking… ${spoken(seconds)}`;
    // Its pane went away.
    if (seconds > 0 && !this.element.isConnected) this.#stop_clock();
  }

  #open() {
    if (this.#answer || !this.element.open) return;
    this.#answer = new Answer(this.body);
    this.#answer.push(this.#text);
    if (this.is_finished) this.#answer.finish();
  }
}

function spoken(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
