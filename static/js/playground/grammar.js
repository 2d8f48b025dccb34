// What Markdown means here. Of HTML that a model writes only a few plain tags without attributes are
// obeyed; everything else is shown as it was written, so that nothing vanishes from an answer.
import { Marked } from "vendor/markdown";

const PLAIN_TAG = /<\/?(?:b|br|code|del|details|em|hr|i|ins|kbd|li|mark|ol|p|s|samp|small|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul|var)\s*\/?>/gi;
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
// Links of our own site are none of a model's business, and data: and javascript: are nobody's.
const LIVE_ADDRESS = /^(?:https?:\/\/|mailto:)/i;

const escape = (text) => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign]);
// In running text Markdown knows entities.
const escape_text = (text) => text.replace(/[<>"']|&(?!(?:#\d{1,7}|#x[\da-f]{1,6}|\w+);)/gi, (sign) => ESCAPES[sign]);

function host_of(address) {
  try {
    return new URL(address).host;
  } catch {
    return "";
  }
}

const renderer = {
  html({ text, block }) {
    if (!text.replace(PLAIN_TAG, "").includes("<")) return text;
    return block ? `<p>${escape(text.trim()).replace(/\n/g, "<br>")}</p>` : escape(text);
  },
  // Marked trusts what stands in an HTML element; we do not know whether we let that element pass.
  text(token) {
    return token.tokens ? this.parser.parseInline(token.tokens) : escape_text(token.text);
  },
  // One level: where an answer begins with a third-level heading, the page's outline must not break.
  heading({ tokens, depth }) {
    return `<h3 data-depth="${depth}">${this.parser.parseInline(tokens)}</h3>`;
  },
  code({ text, lang }) {
    const language = (lang ?? "").trim().split(/\s/)[0].slice(0, 30);
    return `<pre><code data-language="${escape(language)}">${escape(text)}\n</code></pre>`;
  },
  link({ href, tokens }) {
    // Links do not nest; a picture in one would be a second.
    const inner = this.parser.parseInline(tokens).replace(/<\/?a\b[^>]*>/g, "");
    return LIVE_ADDRESS.test(href) ? `<a href="${escape(href)}">${inner}</a>` : inner;
  },
  // Loading a picture would tell its server who reads, so it is a link until somebody follows it.
  image({ href, text }) {
    if (!LIVE_ADDRESS.test(href)) return escape(text);
    return `<a href="${escape(href)}" data-picture="">Picture: ${escape(text || host_of(href))}</a>`;
  },
  checkbox({ checked }) {
    return checked ? "☑ " : "☐ ";
  },
};

const shown_math = (kind) => ({ tex }) => {
  const code = `<code data-math="${kind}">${escape(tex)}</code>`;
  return kind === "block" ? `<p>${code}</p>\n` : code;
};

// Formulas stand in $$, \( or \[ alone: "$5 and $7" are prices. None holds an empty line (TeX forbids
// it), so that an opening without an end cannot swallow what follows.
const INSIDE = String.raw`((?:\\[^\n]|\n(?![ \t]*\n)|(?!\$\$)[^\\\n])+?)`;
const PAIRS = [["\\$\\$", "\\$\\$"], ["\\\\\\[", "\\\\\\]"], ["\\\\\\(", "\\\\\\)"]];
const pattern = (pairs, end) => new RegExp(`^(?:${pairs.map(([open, close]) => `${open}${INSIDE}${close}`).join("|")})${end}`);
const BLOCK = pattern(PAIRS.slice(0, 2), "[ \\t]*(?:\\n+|$)");
const INLINE = pattern(PAIRS, "");

function match(expression, type, src) {
  const found = expression.exec(src);
  const tex = found?.slice(1).find((text) => text !== undefined)?.trim();
  if (!tex) return undefined;
  const is_display = !found[0].startsWith("\\(");
  return { type, raw: found[0], tex, is_display };
}

const math_block = {
  name: "math_block",
  level: "block",
  start: (src) => src.match(/^(?:\$\$|\\\[)/m)?.index,
  tokenizer: (src) => match(BLOCK, "math_block", src),
  renderer: shown_math("block"),
};
const math = {
  name: "math",
  level: "inline",
  start: (src) => src.match(/\$\$|\\[[(]/)?.index,
  tokenizer: (src) => match(INLINE, "math", src),
  renderer: (token) => shown_math(token.is_display ? "display" : "inline")(token),
};

const marked = new Marked({ gfm: true, breaks: true });
marked.use({ renderer, extensions: [math_block, math] });

// The blocks of a text, without a look into them.
export function blocks(text) {
  return new marked.Lexer(marked.defaults).blockTokens(text);
}

// `links`: addresses by name, of this text and of what came before it; new ones are added.
export function html(text, links) {
  const lexer = new marked.Lexer(marked.defaults);
  lexer.tokens.links = links;
  return marked.parser(lexer.lex(text));
}
