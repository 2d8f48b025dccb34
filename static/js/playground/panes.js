// The panes beside each other; on a phone one at a time, with a tab for each.
import { text_of } from "playground/branches";
import { painter } from "playground/painter";
import { avatar, by_id, make } from "playground/dom";
import { marks } from "playground/footer";
import { PaneView } from "playground/pane";

const GOING_MS = 500;

export class Panes {
  constructor(context) {
    this.context = { ...context, actions: { ...context.actions, marks: () => this.marks ?? new Map() } };
    this.store = context.store;
    this.box = by_id("play-panes");
    this.tabs = by_id("play-tabs");
    this.views = new Map();
    const { store } = this;
    store.on("chat panes models", () => this.show());
    store.on("pane", (id) => this.head_changed(id));
    store.on("settings", () => { for (const view of this.views.values()) view.show_head(); });
    store.on("path", (id) => this.view(id, (view) => view.show_path()));
    store.on("message", (message) => this.view(message.pane, (view) => view.changed(message)));
    store.on("delta", ({ message, text }) => this.view(message.pane, (view) => view.delta(message, text)));
    store.on("replaced", (message) => this.view(message.pane, (view) => view.replaced(message)));
    store.on("ended runs path", () => this.judge());
    store.on("active", () => this.show_active());
    painter.each((now) => { for (const view of this.views.values()) view.tick(now ?? performance.now()); });
    // The tab follows the swipe.
    this.box.addEventListener("scroll", () => this.swiped(), { passive: true });
  }

  view(id, act) {
    const found = this.views.get(id);
    if (found) act(found);
  }

  show() {
    const { store } = this;
    const wanted = new Set(store.panes);
    for (const [id, view] of this.views) {
      // A chat that was opened has other panes of the same names.
      if (wanted.has(view.pane) && view.chat === store.chat?.id) continue;
      view.remove();
      this.views.delete(id);
    }
    for (const pane of store.panes) {
      if (!this.views.has(pane.id)) this.views.set(pane.id, Object.assign(new PaneView(pane, this.context), { chat: store.chat?.id }));
    }
    this.order();
    this.judge();
    for (const view of this.views.values()) view.show_head();
    this.show_tabs();
  }

  // What is focused loses its focus when it is moved, so only what is out of place is.
  order() {
    this.store.panes.forEach((pane, at) => {
      const { element } = this.views.get(pane.id);
      if (this.box.children[at] !== element) this.box.insertBefore(element, this.box.children[at] ?? null);
    });
  }

  head_changed(id) {
    this.view(id, (view) => view.show_head());
    this.show_tabs();
  }

  // Badges are given when all of the last question are done.
  judge() {
    this.marks = marks(this.same_question());
    for (const view of this.views.values()) view.show_foot();
  }

  // The last answers, where they answer the same: others cannot be compared.
  same_question() {
    const { store } = this;
    const answers = store.panes.map((pane) => store.answer_of(pane)).filter(Boolean);
    const asked = (answer) => {
      const question = store.message(answer.parent);
      return question?.role === "user" ? text_of(question.message.content) : null;
    };
    const [first] = answers.map(asked);
    return first === null || first === undefined ? [] : answers.filter((answer) => asked(answer) === first);
  }

  show_tabs() {
    const { store } = this;
    const tabs = store.panes.length > 1 ? store.panes.map((pane) => this.tab(pane)) : [];
    this.tabs.replaceChildren(...tabs);
    this.tabs.hidden = !tabs.length;
    this.show_active();
  }

  tab(pane) {
    const { actions } = this.context;
    const name = actions.name_of(pane);
    const model = actions.is_blind() ? { avatar: ["a0", name.at(-1)] } : this.store.model(pane.model);
    return make("button", { type: "button", class: "play-tab", "data-pane": pane.id, onclick: () => this.go(pane.id) }, avatar(model, "sm"), make("span", { class: "clip" }, name));
  }

  show_active() {
    for (const tab of this.tabs.children) {
      const is_active = tab.dataset.pane === this.store.active;
      if (is_active) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
    for (const view of this.views.values()) view.element.classList.toggle("is-active", view.pane.id === this.store.active && this.store.panes.length > 1);
  }

  go(id) {
    this.store.activate(id);
    const view = this.views.get(id);
    if (!view) return;
    // On the way there it passes others.
    this.going_until = performance.now() + GOING_MS;
    // Who swiped meanwhile is elsewhere.
    setTimeout(() => this.swiped(), GOING_MS + 20);
    const { matches: is_still } = matchMedia("(prefers-reduced-motion: reduce)");
    view.element.scrollIntoView({ inline: "start", block: "nearest", behavior: is_still ? "instant" : "smooth" });
  }

  focus(at) {
    const pane = this.store.panes[at];
    if (!pane) return;
    this.go(pane.id);
    this.views.get(pane.id).log.focus({ preventScroll: true });
  }

  swiped() {
    if (performance.now() < (this.going_until ?? 0) || getComputedStyle(this.tabs).display === "none") return;
    const width = this.box.clientWidth;
    const pane = this.store.panes[Math.round(this.box.scrollLeft / width)];
    if (pane) this.store.activate(pane.id);
  }

  // The view of the last answer of the pane that is in use.
  active_answer() {
    const view = this.views.get(this.store.active);
    const answer = view && this.store.answer_of(view.pane);
    return answer ? view.turns.get(answer.id) : null;
  }

  active_question() {
    const view = this.views.get(this.store.active);
    const question = view && this.store.path(view.pane).findLast((message) => message.role === "user");
    return question ? view.turns.get(question.id) : null;
  }
}
