// The foot of a pane: what its last answer took and cost, as the ledger has it. What nobody knows yet
// is marked with ≈, and what nobody will know is a dash.
import { badge, make } from "playground/dom";
import { count, money, money_exact, nano, seconds, tokens_about } from "playground/figures";
import { is_running } from "playground/runs";

const figure = (text, title) => make("span", { class: "figure", title }, text);

function live(message, estimate) {
  const { status, first_at } = message.live;
  const expected = estimate ? figure(`est. ≤ ${money(nano(estimate.worst))}`, "The most it can cost") : null;
  if (status !== "streaming") return [badge("", "Waiting", { dot: true }), expected];
  const out = tokens_about(message.message.content) + tokens_about(message.message.reasoning);
  const elapsed = (Date.now() - (first_at ?? Date.now())) / 1000;
  return [
    badge("info", "Streaming", { dot: true }),
    elapsed > 0.5 && figure(`≈${Math.round(out / elapsed)} tok/s`),
    figure(`${estimate ? `≈${count(estimate.prompt_tokens)} → ` : ""}≈${count(out)} tok`),
    message.provider && figure(`via ${message.provider}`),
  ];
}

// How many were asked before the one that answered.
function fallbacks(message) {
  const failed = (message.figures.attempts ?? []).filter((attempt) => attempt.error || attempt.status >= 400);
  if (!failed.length || message.state !== "done") return null;
  const names = failed.map((attempt) => `${attempt.provider}: ${attempt.status ?? attempt.error}`).join("\n");
  return badge("warn", failed.length === 1 ? "Fallback" : `${failed.length} fallbacks`, { title: `Tried before:\n${names}` });
}

const STATES = { failed: ["bad", "Failed"], stopped: ["", "Stopped"], lost: ["warn", "Lost"] };

function generation(message, store) {
  if (!message.generation || !store.urls.generation) return null;
  const href = store.urls.generation.replace("-id-", encodeURIComponent(message.generation));
  return make("a", { class: "figure generation", href, title: message.generation }, "Generation");
}

export function figures_of(message) {
  const { usage: counted, ttft_ms, duration_ms, tokens_per_second } = message.figures ?? {};
  const usage = message.state === "failed" ? null : counted;
  return [
    duration_ms != null && figure(seconds(duration_ms), "From the request to the end"),
    ttft_ms != null && figure(`TTFT ${seconds(ttft_ms)}`, "Time to the first token"),
    tokens_per_second != null && figure(`${Math.round(tokens_per_second)} tok/s`, "Tokens a second, from the first on"),
    usage && figure(`${count(usage.prompt_tokens)} → ${count(usage.completion_tokens)} tok`, "Tokens in and out"),
  ].filter(Boolean);
}

export function cost_of(message) {
  const cost = nano(message.cost);
  if (message.state === "failed" && !cost) return figure("not charged");
  return make("strong", { class: "cost", title: cost === null ? "Not known yet" : money_exact(cost) }, money(cost));
}

export function foot(message, store, marks = []) {
  if (!message) {
    return [figure("No answer yet")];
  }
  if (is_running(message)) return live(message, store.estimates?.get(message.pane));
  const state = STATES[message.state];
  return [
    state && badge(...state),
    ...figures_of(message),
    cost_of(message),
    message.provider && figure(`via ${message.provider}`),
    fallbacks(message),
    ...marks.map(([kind, text]) => badge(kind, text)),
    generation(message, store),
  ];
}

// Fastest and cheapest of answers that are all done: nobody wins alone, nor with equal figures.
export function marks(answers) {
  const found = new Map(answers.map((answer) => [answer.pane, []]));
  const done = answers.filter((answer) => answer.state === "done");
  if (answers.length < 2 || answers.some(is_running) || done.length < 2) return found;
  const crown = (value, words) => {
    const known = done.map((answer) => [value(answer), answer]).filter(([number]) => number != null).sort((one, other) => one[0] - other[0]);
    if (known.length > 1 && known[0][0] < known[1][0]) found.get(known[0][1].pane).push(words);
  };
  crown((answer) => answer.figures.duration_ms, ["ok", "Fastest"]);
  crown((answer) => nano(answer.cost), ["accent", "Cheapest"]);
  return found;
}
