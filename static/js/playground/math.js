// Formulas, by KaTeX, which is fetched when the first one is seen.
import { when_idle } from "playground/idle";

const LENGTH_MAX = 4000;
const OPTIONS = {
  throwOnError: false,
  errorColor: "var(--bad)",
  // No links, pictures or attributes out of a formula, and no formula that is larger than the page.
  trust: false,
  strict: "ignore",
  maxSize: 20,
  maxExpand: 500,
};
let loading;

function load() {
  loading ??= Promise.all([import("vendor/katex"), style()]).then(([katex]) => katex);
  return loading;
}

function style() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = import.meta.resolve("vendor/katex.css");
  return new Promise((done) => {
    link.onload = done;
    link.onerror = done;
    document.head.append(link);
  });
}

// The page's policy refuses style attributes, and lets scripts set what is in them.
function lift_styles(node) {
  if (node.attributes?.style) {
    node.attributes["data-style"] = node.attributes.style;
    delete node.attributes.style;
  }
  for (const child of node.children ?? []) lift_styles(child);
}

function lower_styles(root) {
  for (const element of root.querySelectorAll("[data-style]")) {
    element.style.cssText += element.dataset.style;
    element.removeAttribute("data-style");
  }
}

async function draw(element) {
  const { tree_of } = await load();
  if (!element.isConnected) return;
  const tree = tree_of(element.textContent, { ...OPTIONS, displayMode: element.dataset.math !== "inline" });
  lift_styles(tree);
  const holder = document.createElement("span");
  holder.className = `math math-${element.dataset.math}`;
  // A long one scrolls in its own box, also by keys.
  if (element.dataset.math !== "inline") {
    for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", "Formula"]]) holder.setAttribute(name, value);
  }
  holder.append(tree.toNode());
  lower_styles(holder);
  element.replaceWith(holder);
}

export function typeset(element) {
  if (element.textContent.length <= LENGTH_MAX) when_idle(() => draw(element));
}
