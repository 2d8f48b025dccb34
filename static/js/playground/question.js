// What somebody asked, in its bubble; it can be edited, which makes a branch.
import { images_of, text_of } from "playground/branches";
import { branch_switch } from "playground/branch_switch";
import { button, make } from "playground/dom";
import { copy } from "el/copy";
import { announce } from "toast";

export class QuestionView {
  constructor(message, context) {
    this.message = message;
    this.context = context;
    this.element = make("div", { class: `turn turn-${message.role}`, "data-message": message.id });
    this.show();
  }

  show() {
    const { message } = this;
    const content = message.message.content;
    const text = text_of(content);
    const pictures = images_of(content).map((url) => make("img", { src: address(url), alt: "A picture that was asked about", loading: "lazy" }));
    const bubble = message.role === "tool"
      ? make("div", { class: "bubble bubble-tool" }, make("span", { class: "tiny muted" }, "Result of the tool"), make("div", {}, text))
      : make("div", { class: "bubble" }, pictures.length ? make("div", { class: "bubble-pictures" }, pictures) : null, make("div", { class: "bubble-text" }, text));
    this.siblings = make("span", { class: "siblings" });
    const actions = make(
      "div", { class: "turn-actions" }, this.siblings,
      button({ icon: "copy", variant: "ghost", label: "Copy question", onclick: () => copy(text).then(() => announce("Copied")) }),
      message.role === "user" && button({ icon: "pencil", variant: "ghost", label: "Edit question", onclick: () => this.edit() }),
    );
    this.element.replaceChildren(bubble, actions);
    this.update();
  }

  update() {
    branch_switch(this.siblings, this.message, this.context);
  }

  edit() {
    const { message, context } = this;
    const area = make("textarea", { class: "input", rows: "3", "aria-label": "Edited question", value: text_of(message.message.content) });
    const elsewhere = context.conversation.same_elsewhere(message).length;
    const send = (everywhere) => {
      const text = area.value.trim();
      if (!text) return;
      this.show();
      context.conversation.edit(message, text, everywhere);
    };
    const cancel = () => {
      this.show();
      this.element.querySelector('[aria-label="Edit question"]')?.focus();
    };
    area.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        send(event.ctrlKey || event.metaKey);
      } else if (event.key === "Escape") {
        event.stopPropagation();
        cancel();
      }
    });
    const form = make(
      "div", { class: "question-edit" }, area,
      make(
        "div", { class: "row" },
        button({ text: "Send", variant: "primary", onclick: () => send(false) }),
        elsewhere ? button({ text: `Send to all ${elsewhere + 1}`, onclick: () => send(true) }) : null,
        button({ text: "Cancel", variant: "ghost", onclick: cancel }),
      ),
    );
    this.element.replaceChildren(form);
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  }

  remove() {
    this.element.remove();
  }
}

// A file of ours by its id; a picture elsewhere is not asked for: that would tell its owner.
const address = (url) => (url.startsWith("attachment:") ? `/playground/files/${url.slice("attachment:".length)}` : url.startsWith("data:image/") ? url : "");
