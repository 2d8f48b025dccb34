// The second wall: whatever HTML comes, only this passes. (The first is grammar.js, the third the
// page's Content-Security-Policy.) No style, form, frame, picture, id or name: nothing that runs,
// loads, or takes the place of a name in scripts.
import { createDOMPurify } from "vendor/markdown";

const TAGS = [
  "a", "b", "blockquote", "br", "code", "del", "details", "em", "h3", "hr", "i", "ins", "kbd", "li", "mark",
  "ol", "p", "pre", "s", "samp", "small", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th",
  "thead", "tr", "u", "ul", "var",
];
const ATTRIBUTES = ["href", "start", "align", "data-depth", "data-language", "data-math", "data-picture"];
const CONFIG = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ATTRIBUTES,
  // These hold no addresses, so that the rule for addresses is not theirs.
  ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== "href"),
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

const purifier = createDOMPurify(window);
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A" || !node.hasAttribute("href")) return;
  node.setAttribute("rel", "noopener nofollow ugc");
  node.setAttribute("target", "_blank");
});

export function sanitize(html) {
  return purifier.sanitize(html, CONFIG);
}
