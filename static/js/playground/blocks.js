// Where an unfinished Markdown text can be cut: what is before the cut stays as it is, whatever follows.
import { blocks } from "playground/grammar";

const FENCE = /^(`{3,}|~{3,})([^\n]*)\n/;
const CLOSED_FENCE = /^ {0,3}(`{3,}|~{3,})[^\n]*\n(?:[\s\S]*\n)? {0,3}\1[`~]*[ \t]*\n+$/;
const BLANK_LINE = /\n[ \t]*\n$/;

// Over with its own last line, whatever the next one is.
function is_over(token) {
  if (token.type === "hr") return true;
  if (token.type === "heading") return token.raw.startsWith("#");
  return token.type === "code" && CLOSED_FENCE.test(token.raw);
}

// The length of what is finished. Only whole lines count: "1" may become "1. a list", and a block goes
// on until a block begins behind an empty line.
export function finished(text) {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1);
  let at = 0;
  let end = 0;
  let previous = null;
  for (const token of blocks(lines)) {
    // What the lexer rewrote cannot be measured by it.
    if (!lines.startsWith(token.raw, at)) return end;
    if (token.type !== "space" && previous && (is_over(previous) || BLANK_LINE.test(lines.slice(Math.max(0, at - 200), at)))) end = at;
    at += token.raw.length;
    if (token.type !== "space") previous = token;
  }
  return previous && is_over(previous) && at === lines.length ? at : end;
}

// A text that is one block of code without an end so far: {language, text}, or null.
export function open_fence(text) {
  const found = FENCE.exec(text);
  if (!found) return null;
  const [head, fence, info] = found;
  if (fence[0] === "`" && info.includes("`")) return null;
  const body = text.slice(head.length);
  if (new RegExp(`^ {0,3}${fence}[${fence[0]}]*[ \\t]*(?:\\n|$)`, "m").test(body)) return null;
  // What may become the closing line is not shown as code meanwhile.
  const shown = body.replace(/(^|\n) {0,3}(?:`+|~+)$/, "$1").replace(/\n$/, "");
  return { language: info.trim().split(/\s/)[0].slice(0, 30), text: shown };
}
