// Colours of code, of the languages in frontend/bundles/highlight.js. Elements are made from what the
// highlighter found, and not from its HTML.
import { when_idle } from "playground/idle";

// Longer code takes a frame away from everybody.
const LENGTH_MAX = 40_000;

function append(found, parent) {
  for (const child of found.children) {
    if (typeof child === "string") {
      parent.append(child);
    } else {
      const span = document.createElement("span");
      span.className = child.scope ? `hljs-${child.scope.split(".")[0]}` : "";
      append(child, span);
      parent.append(span);
    }
  }
}

async function colour(code) {
  const text = code.textContent;
  const { default: highlighter } = await import("vendor/highlight");
  const { language } = code.dataset;
  if (!code.isConnected || !highlighter.getLanguage(language)) return;
  const found = highlighter.highlight(text, { language, ignoreIllegals: true });
  const fragment = document.createDocumentFragment();
  append(found._emitter.root, fragment);
  code.replaceChildren(fragment);
}

export function highlight(code) {
  if (!code.dataset.language || code.textContent.length > LENGTH_MAX) return;
  when_idle(() => colour(code));
}
