// Which answer is the best, while nobody knows whose they are.
import { make } from "make";

const letter = (at) => String.fromCharCode(65 + at);

// runs: [{id, model, label?}]; onVote({outcome: "best" | "tie" | "bad", best: model or null, run: id or null}).
export function voteBar({ runs, onVote }) {
  const bar = make("div", { class: "votes", role: "group", "aria-label": "Which answer is the best?" });
  const choices = [
    ...runs.map((run, at) => [run.label ?? letter(at), { outcome: "best", best: run.model ?? null, run: run.id }]),
    [runs.length > 2 ? "All good" : "Tie", { outcome: "tie", best: null, run: null }],
    [runs.length > 2 ? "All bad" : "Both bad", { outcome: "bad", best: null, run: null }],
  ];
  const vote = (button, what) => {
    for (const one of bar.querySelectorAll("button")) one.disabled = true;
    button.setAttribute("aria-pressed", "true");
    onVote(what);
  };
  const buttons = choices.map(([words, what]) => {
    const button = make("button", { class: "button button-sm", type: "button", onclick: () => vote(button, what) }, words);
    return button;
  });
  const line = make("span", { class: "votes-line", "aria-hidden": "true" });
  bar.append(make("span", { class: "votes-question" }, "Which is the best?"), ...buttons.slice(0, runs.length), line, ...buttons.slice(runs.length));
  return bar;
}
