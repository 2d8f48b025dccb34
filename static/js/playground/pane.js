// One pane: a model with its header, the conversation with it, and what its last answer took.
import { AnswerView } from "playground/answer";
import { button, icon, make } from "playground/dom";
import { context_length, price_words } from "playground/figures";
import { Follow } from "playground/follow";
import { foot } from "playground/footer";
import { PaneHead } from "playground/pane_head";
import { QuestionView } from "playground/question";
import { is_running } from "playground/runs";

const FOOT_EVERY_MS = 250;

export class PaneView {
  // `context`: {store, conversation, actions}.
  constructor(pane, context) {
    this.pane = pane;
    this.context = { ...context, pane, switch_model: (message) => this.switch_model(message), pick: context.actions.pick };
    this.store = context.store;
    this.turns = new Map();
    this.head = new PaneHead(pane, this.context);
    this.content = make("div", { class: "pane-turns" });
    this.log = make("div", { class: "pane-log", role: "log", "aria-live": "off", "aria-busy": "false", tabindex: "0" }, this.content);
    this.latest = button({ text: "Latest", icon: "arrow-down", class: "button button-sm pane-latest", hidden: true });
    this.foot = make("div", { class: "pane-foot" });
    this.element = make(
      "section", { class: "pane", "data-pane": pane.id },
      this.head.element, make("div", { class: "pane-middle" }, this.log, this.latest), this.foot,
    );
    this.follow = new Follow(this.log, this.latest);
    this.follow.watch(this.content);
    this.element.addEventListener("focusin", () => this.store.activate(pane.id));
    this.element.addEventListener("pointerdown", () => this.store.activate(pane.id));
    this.show_head();
    this.show_path();
  }

  get name() {
    return this.context.actions.name_of(this.pane);
  }

  show_head() {
    this.context.blind = this.context.actions.is_blind();
    this.head.show();
    this.element.setAttribute("aria-label", this.name);
    this.log.setAttribute("aria-label", `Conversation with ${this.name}`);
    this.element.classList.toggle("is-muted", this.pane.muted);
    if (this.empty) this.show_empty(true);
  }

  show_path() {
    const path = this.store.path(this.pane);
    const wanted = new Set(path.map((message) => message.id));
    for (const [id, view] of this.turns) {
      if (wanted.has(id)) continue;
      view.remove();
      this.turns.delete(id);
    }
    for (const message of path) {
      if (!this.turns.has(message.id)) this.turns.set(message.id, this.view_of(message));
      const view = this.turns.get(message.id);
      view.update();
      // In the order of the path; what is there already stays where it is.
      if (this.content.children[path.indexOf(message)] !== view.element) this.content.insertBefore(view.element, this.content.children[path.indexOf(message)] ?? null);
    }
    this.show_empty(path.length === 0);
    this.show_state();
    if (path.length) this.follow.to_end();
  }

  view_of(message) {
    return message.role === "assistant" ? new AnswerView(message, this.context) : new QuestionView(message, this.context);
  }

  show_empty(is_empty) {
    this.empty?.remove();
    this.empty = null;
    if (!is_empty) return;
    this.empty = make("div", { class: "pane-empty" }, icon("message-square", "lg"), make("p", {}, this.invitation()), this.about());
    this.content.append(this.empty);
  }

  invitation() {
    const is_media = !this.context.blind && this.store.model(this.pane.model)?.media;
    return is_media ? `Describe an object for ${this.name} below.` : `Ask ${this.name} something below.`;
  }

  // What one should know before one asks.
  about() {
    const model = this.context.blind ? null : this.store.model(this.pane.model);
    if (!model) return null;
    if (model.disabled) return make("p", { class: "warn small" }, model.disabled);
    const per = model.media || model.kind === "router" ? "" : " per 1M";
    const length = model.context_length && !model.media ? `${context_length(model.context_length)} context` : "";
    return make("p", { class: "small" }, [`${price_words(model)}${per}`, length].filter(Boolean).join(" · "));
  }

  changed(message) {
    this.turns.get(message.id)?.update();
    this.show_state();
  }

  delta(message, text) {
    this.turns.get(message.id)?.push(text);
  }

  replaced(message) {
    this.turns.get(message.id)?.replace();
  }

  show_state() {
    const answer = this.store.answer_of(this.pane);
    const busy = Boolean(answer && is_running(answer));
    this.log.setAttribute("aria-busy", String(busy));
    this.head.show_stop(busy);
    this.show_foot();
  }

  show_foot() {
    const answer = this.store.answer_of(this.pane);
    const marks = this.context.actions.marks().get(this.pane.id) ?? [];
    this.foot.replaceChildren(...foot(answer, this.store, marks).filter(Boolean));
    this.foot_at = performance.now();
  }

  // Several times a second while something runs.
  tick(now) {
    const answer = this.store.answer_of(this.pane);
    if (!answer || !is_running(answer)) return;
    this.turns.get(answer.id)?.tick();
    if (now - (this.foot_at ?? 0) > FOOT_EVERY_MS) this.show_foot();
  }

  // Of this answer, or of all to come where there is none.
  switch_model(message) {
    const { actions, conversation } = this.context;
    actions.pick((model) => {
      this.store.change_pane(this.pane.id, { model });
      if (message && is_running(message)) conversation.stop([message]);
      if (message) conversation.regenerate(message, model);
    });
  }

  remove() {
    this.follow.stop();
    for (const view of this.turns.values()) view.remove();
    this.element.remove();
  }
}
