// What an answer's elements get beside their text, and what they get later: colours and formulas.
import { CodeBlock } from "playground/codeblock";
import { highlight } from "playground/highlight";
import { typeset } from "playground/math";
import { make } from "make";

export function decorate(fragment) {
  for (const pre of fragment.querySelectorAll("pre")) {
    const language = pre.querySelector("code")?.dataset.language ?? "";
    pre.replaceWith(new CodeBlock(language, pre.textContent.replace(/\n$/, "")).element);
  }
  // A wide table scrolls in its own box, also by keys.
  for (const table of fragment.querySelectorAll("table")) {
    const box = make("div", { class: "answer-table", tabindex: "0", role: "group", "aria-label": "Table" });
    table.replaceWith(box);
    box.append(table);
  }
  return fragment;
}

// For finished blocks only: both are too slow for text that changes with each frame.
export function enrich(nodes) {
  for (const node of nodes) {
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    for (const code of node.querySelectorAll("pre > code[data-language]")) highlight(code);
    for (const formula of node.querySelectorAll("[data-math]")) typeset(formula);
  }
}
