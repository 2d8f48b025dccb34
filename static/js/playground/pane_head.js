// The head of a pane: whose it is, what is set, and what can be done with it.
import { avatar, button, icon, make, menu } from "playground/dom";
import { differences } from "playground/settings";

const CHIP_WORDS_MAX = 2;

export class PaneHead {
  constructor(pane, context) {
    this.pane = pane;
    this.context = context;
    const { actions, conversation, store } = context;
    this.title = make("button", { type: "button", class: "pane-title", onclick: () => context.switch_model(null) });
    this.chip = make("button", { type: "button", class: "badge badge-accent pane-chip", onclick: () => actions.parameters(pane) });
    this.muted = make("span", { class: "badge pane-muted" }, icon("volume-x", "sm"), "Muted");
    this.stop = button({ text: "Stop", icon: "square", onclick: () => conversation.stop(store.running(pane.id)) });
    this.stop.hidden = true;
    this.close = button({ icon: "x", variant: "ghost", label: "Remove pane", onclick: () => actions.remove(pane) });
    this.sliders = button({ icon: "sliders-horizontal", variant: "ghost", label: "Parameters", onclick: () => actions.parameters(pane) });
    this.element = make(
      "header", { class: "pane-head" }, this.title, this.muted, this.chip, make("span", { class: "grow" }), this.stop, this.sliders,
      menu({ label: "More of this pane", icon: "ellipsis", items: () => this.items() }), this.close,
    );
  }

  items() {
    const { pane } = this;
    const { actions, store } = this.context;
    const at = store.panes.indexOf(pane);
    return [
      { text: pane.muted ? "Unmute" : "Mute", icon: "volume-x", run: () => store.change_pane(pane.id, { muted: !pane.muted }) },
      at > 0 && { text: "Move left", icon: "arrow-left", run: () => store.move_pane(pane.id, -1) },
      at < store.panes.length - 1 && { text: "Move right", icon: "arrow-right", run: () => store.move_pane(pane.id, 1) },
      store.panes.length < store.limits.panes && { text: "Duplicate", icon: "copy", run: () => actions.duplicate(pane) },
      { text: "Switch model…", icon: "layers", run: () => this.context.switch_model(null) },
      { text: "View code", icon: "code", run: () => actions.code(pane) },
      store.panes.length > 1 && null,
      store.panes.length > 1 && { text: "Remove pane", icon: "x", danger: true, run: () => actions.remove(pane) },
    ].filter((item) => item !== false);
  }

  show() {
    const { pane } = this;
    const { actions, store } = this.context;
    const hidden = actions.is_blind();
    const name = actions.name_of(pane);
    const model = store.model(pane.model);
    this.title.replaceChildren(avatar(hidden ? { avatar: ["a0", name.at(-1)] } : model), make("span", { class: "clip" }, name), make("span", { class: "hush" }, ": switch model"));
    this.title.title = hidden ? "Hidden until you vote" : pane.model;
    this.title.disabled = hidden;
    const words = differences(pane);
    this.chip.hidden = !words.length;
    this.chip.title = words.join(", ");
    this.chip.textContent = words.length > CHIP_WORDS_MAX ? `${words[0]} +${words.length - 1}` : words.join(", ");
    this.muted.hidden = !pane.muted;
    this.close.hidden = store.panes.length < 2;
    this.close.setAttribute("aria-label", `Remove ${name}`);
    this.sliders.setAttribute("aria-label", `Parameters of ${name}`);
    this.stop.title = `Stop ${name}`;
  }

  show_stop(is_busy) {
    this.stop.hidden = !is_busy;
  }
}
