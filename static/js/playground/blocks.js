// Where an unfinished Markdown text can be cut: what is before the cut stays as it is, whatever follows.
import { blocks } from "playground/grammar";

const FENCE = /^(?:[ \t]*\n)*(`{3,}|~{3,})([^\n]*)\n/;
const CLOSED_FENCE = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))[^\n]*\n(?:[\s\S]*\n)? {0,3}\1[`~]*[ \t]*\n*$/;
const BLANK_LINE = /\n[ \t]*\n$/;
const BLANK_LINE_LENGTH_MAX = 200;
// A formula may have begun, in which lines do not mean what they seem to; an empty line ends that.
const FORMULA = /\$\$|\\[[(]/;

const is_fenced = (token) => token.type === "code" && token.codeBlockStyle !== "indented";
const is_hash_heading = (token) => token.type === "heading" && /^ {0,3}#/.test(token.raw);

// Over with its own last line, whatever the next one is.
function is_over(token) {
  return token.type === "hr" || is_hash_heading(token) || (is_fenced(token) && CLOSED_FENCE.test(token.raw));
}

// Its first line ends a paragraph before it.
function interrupts(token) {
  return is_fenced(token) || is_hash_heading(token) || token.type === "list" || token.type === "blockquote";
}

const may_be_in_formula = (text) => FORMULA.test(text.split(/\n[ \t]*\n/).at(-1));

function is_cut(before, previous, token) {
  if (token.type === "space" || !previous) return false;
  if (BLANK_LINE.test(before.slice(-BLANK_LINE_LENGTH_MAX))) return true;
  if (may_be_in_formula(before)) return false;
  return is_over(previous) || (previous.type === "paragraph" && interrupts(token));
}

// The finished blocks a text begins with. Only whole lines count: "1" may become "1. a list", and a
// block goes on until a block begins behind an empty line.
export function finished(text) {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1);
  const pieces = [];
  let at = 0;
  let end = 0;
  let previous = null;
  const cut = () => {
    pieces.push(lines.slice(end, at));
    end = at;
  };
  for (const token of blocks(lines)) {
    // What the lexer rewrote cannot be measured by it.
    if (!lines.startsWith(token.raw, at)) return pieces;
    if (is_cut(lines.slice(end, at), previous, token)) cut();
    at += token.raw.length;
    if (token.type !== "space") previous = token;
  }
  const last = lines.slice(end);
  if (previous && at === lines.length && is_over(previous) && last && !may_be_in_formula(last)) cut();
  return pieces;
}

const closing = (fence, end) => new RegExp(`^ {0,3}${fence}[\`~]*[ \\t]*${end}`, "m");

// {language, body, fence} of a text that begins with a block of code, or null.
function fence_of(text) {
  const found = FENCE.exec(text);
  if (!found) return null;
  const [head, fence, info] = found;
  if (fence[0] === "`" && info.includes("`")) return null;
  return { language: info.trim().split(/\s/)[0].slice(0, 30), body: text.slice(head.length), fence };
}

// A text that is one block of code without an end so far: {language, text}, or null.
export function open_fence(text) {
  const found = fence_of(text);
  if (!found || closing(found.fence, "\\n").test(found.body)) return null;
  // What may become the closing line is not shown as code meanwhile.
  const shown = found.body.replace(/(^|\n) {0,3}(?:`+|~+)[ \t]*$/, "$1").replace(/\n$/, "");
  return { language: found.language, text: shown };
}

// A text that is one block of code to its end.
export function closed_fence(text) {
  const found = fence_of(text);
  const end = found && closing(found.fence, "\\n*$(?![\\s\\S])").exec(found.body);
  return end ? { language: found.language, text: found.body.slice(0, end.index).replace(/\n$/, "") } : null;
}
