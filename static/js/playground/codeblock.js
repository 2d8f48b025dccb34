// A block of code with its language, a button that copies and one that wraps (el/tabs obeys that).
import { copy } from "el/copy";
import { icon, make } from "make";

const COPIED_MS = 1600;

function wrap_button() {
  const label = "Wrap long lines";
  return make("button", { class: "copy code-wrap", type: "button", "aria-pressed": "false", "aria-label": label, title: label }, icon("wrap-text", "sm"));
}

function copy_button(code) {
  const press = async () => {
    const copied = await copy(code.textContent);
    const detail = copied ? "Copied" : "Copying failed: select the text yourself";
    button.dispatchEvent(new CustomEvent("announce", { bubbles: true, detail }));
    if (!copied) return;
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), COPIED_MS);
  };
  const button = make(
    "button", { class: "copy", type: "button", "aria-label": "Copy code", title: "Copy code", onclick: press },
    make("span", { class: "icon-idle" }, icon("copy", "sm")), make("span", { class: "icon-done" }, icon("check", "sm")),
  );
  return button;
}

export class CodeBlock {
  constructor(language, text = "") {
    const name = language || "text";
    this.node = document.createTextNode(text);
    this.code = make("code", { "data-language": language }, this.node);
    this.element = make(
      "div", { class: "code" },
      make("div", { class: "code-head" }, make("span", {}, name), make("div", {}, wrap_button(), copy_button(this.code))),
      make("pre", { tabindex: "0", role: "group", "aria-label": `${name} code` }, this.code),
    );
  }

  // While it is written only the new end is added: selection and scrolling stay.
  grow(text) {
    if (text.startsWith(this.node.data)) this.node.appendData(text.slice(this.node.data.length));
    else this.node.data = text;
  }
}
