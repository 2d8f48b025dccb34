// "View code": what a pane would send now, for a program.
import { by_id, make } from "playground/dom";
import { LANGUAGES, snippet } from "playground/snippets";
import { copy } from "el/copy";
import { announce } from "toast";

const KEY = "tab:language";

export class Code {
  constructor(store, conversation, { draft }) {
    Object.assign(this, { store, conversation, draft });
    this.dialog = by_id("code");
    this.panes = by_id("code-pane");
    this.text = by_id("code-text");
    this.languages = by_id("code-languages");
    this.panes.addEventListener("change", () => this.show());
    this.languages.addEventListener("change", (event) => {
      this.language = event.target.value;
      try { localStorage.setItem(KEY, this.language); } catch { /* For this page only. */ }
      this.show();
    });
    by_id("code-copy").addEventListener("click", () => copy(this.text.textContent).then((done) => announce(done ? "Copied" : "Copying failed: select the text yourself")));
    try { this.language = localStorage.getItem(KEY); } catch { /* The first it is. */ }
    if (!LANGUAGES.includes(this.language)) this.language = LANGUAGES[0];
  }

  open(pane) {
    this.panes.replaceChildren(...this.store.panes.map((each, at) => make("option", { value: each.id }, `${at + 1}. ${this.store.name_of(each.model)}`)));
    this.panes.value = (pane ?? this.store.pane(this.store.active) ?? this.store.panes[0]).id;
    by_id("code-panes").hidden = this.store.panes.length < 2;
    this.languages.replaceChildren(make("legend", { class: "hush" }, "Language"), ...LANGUAGES.map((language) => make("label", {}, make("input", { type: "radio", name: "code-language", value: language, checked: language === this.language }), make("span", {}, language))));
    this.show();
    this.dialog.showModal();
  }

  // What is in the composer belongs to it; without, the last question once more.
  body(pane) {
    const content = this.draft();
    if (content) return this.conversation.body(pane, { content });
    const answer = this.store.answer_of(pane);
    const is_last = answer && this.store.last(pane) === answer;
    return this.conversation.body(pane, is_last ? { parent: answer.parent ?? null } : {});
  }

  show() {
    const pane = this.store.pane(this.panes.value);
    const body = this.body(pane);
    const address = `${this.store.api}/${body.messages ? "chat/completions" : "objects/generations"}`;
    this.text.textContent = snippet(this.language, address, body);
    by_id("code-pictures").hidden = !JSON.stringify(body).includes("attachment:file-");
  }
}
