// The bar above the panes: models, the chat's own settings, what it cost, and how it leaves the page.
import { badge, by_id, make, menu } from "playground/dom";
import { money, money_exact } from "playground/figures";

const STATES = {
  connecting: ["", "Connecting…"], waiting: ["warn", "Reconnecting…"], "signed-out": ["bad", "Signed out"],
};

export class Toolbar {
  constructor(context) {
    const { store, actions } = context;
    Object.assign(this, { store, actions });
    by_id("bar-add").addEventListener("click", () => actions.add_model());
    by_id("bar-new").addEventListener("click", () => actions.new_chat());
    by_id("bar-code").addEventListener("click", () => actions.code(null));
    by_id("bar-share").addEventListener("click", () => actions.share());
    by_id("bar-tools").addEventListener("click", () => actions.tools());
    by_id("bar-temporary").addEventListener("click", () => actions.toggle_temporary());
    by_id("bar-blind").addEventListener("click", () => actions.toggle_blind());
    by_id("bar-export").append(menu({ label: "Export", icon: "download", text: "Export", items: () => this.exports() }));
    if (store.accounts.length > 1) by_id("bar-account").append(this.payer = menu({ label: "Who pays", text: this.payer_words = make("span"), items: () => this.payers() }));
    this.connection = by_id("bar-connection");
    this.cost = by_id("bar-cost");
    this.listen_to_system();
    store.on("chat panes settings saved models", () => this.show());
    store.on("ended path runs", () => this.show_cost());
    this.show();
  }

  exports() {
    const { store } = this;
    if (!store.chat) return [{ note: store.is_temporary ? "A temporary chat is not stored, so there is nothing to export." : "Nothing was said yet." }];
    const leaves = store.panes.map((pane) => store.last(pane)?.id).filter(Boolean).join(",");
    const address = (kind) => `/playground/chats/${store.chat.id}/export.${kind}?leaves=${leaves}`;
    return [
      { text: "Markdown", icon: "file-text", href: address("md"), download: "" },
      { text: "JSON", icon: "code", href: address("json"), download: "" },
      { note: "What is on the screen: the branches that you see." },
    ];
  }

  // Whoever is a member of other accounts may ask at their cost.
  payers() {
    const { store } = this;
    return [
      { note: "Who pays for the answers" },
      ...store.accounts.map(({ id, name }) => ({
        text: name, checked: store.account === id,
        run: () => {
          store.account = id;
          store.emit("settings");
        },
      })),
    ];
  }

  // One prompt for the whole chat; a pane may have its own.
  listen_to_system() {
    const dialog = by_id("system");
    const text = by_id("system-text");
    by_id("bar-system").addEventListener("click", () => {
      text.value = this.store.settings.system;
      dialog.showModal();
      text.focus();
    });
    text.addEventListener("input", () => this.store.change({ system: text.value }));
  }

  show() {
    const { store } = this;
    const pressed = (id, is_on) => by_id(id).setAttribute("aria-pressed", String(is_on));
    by_id("bar-add").disabled = store.panes.length >= store.limits.panes;
    by_id("bar-system-words").textContent = store.settings.system ? store.settings.system.slice(0, 40) : "none";
    by_id("bar-tools-words").textContent = store.settings.tools.length ? ` ${store.settings.tools.length}` : "";
    pressed("bar-temporary", store.is_temporary);
    pressed("bar-blind", store.settings.blind);
    by_id("bar-blind").hidden = store.panes.length < 2;
    by_id("bar-temporary").disabled = store.has_messages;
    if (this.payer_words) this.payer_words.textContent = `Paid by ${store.accounts.find(({ id }) => id === store.account).name}`;
    by_id("bar-share").hidden = !store.chat;
    this.show_cost();
  }

  show_cost() {
    const cost = this.store.cost_nano;
    this.cost.textContent = money(cost);
    this.cost.title = money_exact(cost);
    by_id("bar-temporary").disabled = this.store.has_messages;
  }

  // `line`: the Line, when its state changed.
  show_connection(state, line) {
    // A short break is nobody's business.
    clearTimeout(this.timer);
    const show = () => {
      const known = STATES[state];
      this.connection.replaceChildren(...(known ? [badge(known[0], known[1], { dot: true })] : line?.is_fallback ? [badge("", "By fallback", { dot: true, title: "WebSockets do not get through: server-sent events are used." })] : []));
      if (state === "signed-out" && this.store.urls.login) {
        this.connection.append(make("a", { class: "button button-sm", href: `${this.store.urls.login}?next=${encodeURIComponent(location.pathname)}` }, "Sign in again"));
      }
    };
    if (state === "connecting") this.timer = setTimeout(show, 800);
    else show();
  }
}
