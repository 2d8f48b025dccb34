// Where one writes: to all panes or to some, with what it will cost at most. Enter sends, but never
// while an input method composes.
import { by_id, icon, make, menu } from "playground/dom";
import { count, money, nano } from "playground/figures";
import { post_file } from "playground/http";
import { announce } from "toast";

const ESTIMATE_AFTER_MS = 250;
const plural = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

export class Composer {
  constructor(context) {
    const { store, line, conversation, actions } = context;
    Object.assign(this, { store, line, conversation, actions });
    this.form = by_id("composer");
    this.input = by_id("composer-text");
    this.send_button = by_id("composer-send");
    this.stop_button = by_id("composer-stop");
    this.estimate = by_id("composer-estimate");
    this.blocked = by_id("composer-blocked");
    this.note = by_id("composer-note");
    this.to = by_id("composer-to");
    this.to.append(menu({ label: "Send to", text: this.to_words = make("span"), align: "left", items: () => this.targets() }));
    this.serial = 0;
    this.input.addEventListener("input", () => this.changed());
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.stop_button.addEventListener("click", () => conversation.stop());
    store.on("runs chat panes pane settings", () => this.changed());
    store.on("path models", () => this.changed());
    store.on("estimate", (event) => this.estimated(event));
    this.changed();
  }

  // --- To whom

  get chosen() {
    return this.store.panes.filter((pane) => !pane.muted);
  }

  targets() {
    const { store } = this;
    return [
      { note: "Who gets the next message" },
      ...store.panes.map((pane) => ({
        text: this.actions.name_of(pane), stays: true, checked: !pane.muted, is_checked: () => !pane.muted,
        run: () => store.change_pane(pane.id, { muted: !pane.muted }),
      })),
    ];
  }

  // --- What

  // Pictures come by paste, drop, from the device or by their address.
  use_pictures(Pictures) {
    this.pictures = new Pictures({ input: this.input, strip: by_id("composer-pictures"), upload: (file) => post_file("/playground/files", file) });
    this.pictures.addEventListener("change", () => this.changed());
    const dialog = by_id("picture-address");
    by_id("composer-images").append(menu({
      label: "Add picture", icon: "image", align: "left",
      items: () => [
        { text: "From this device…", icon: "upload", run: () => this.pictures.pick() },
        { text: "By its address…", icon: "link", run: () => dialog.showModal() },
        { note: "PNG, JPEG or WebP. Paste and drop work too." },
      ],
    }));
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      const field = by_id("picture-address-text");
      this.pictures.add_address(field.value);
      field.value = "";
      dialog.close();
      this.focus();
    });
  }

  // Who will not see them.
  blind_of(panes) {
    if (!this.pictures?.count) return [];
    return panes.filter((pane) => this.store.model(pane.model) && !this.store.model(pane.model).input.includes("image"));
  }

  // Who sees no pictures has nothing to answer where there are no words.
  asked_of(panes) {
    const blind = this.input.value.trim() ? [] : this.blind_of(panes);
    return panes.filter((pane) => !blind.includes(pane));
  }

  show_note() {
    const names = this.blind_of(this.chosen).map((pane) => this.actions.name_of(pane));
    const remedy = this.input.value.trim() ? "" : " Without words nothing is sent there.";
    const text = names.length ? `${names.join(", ")} will not see images.${remedy}` : "";
    if (this.note.textContent !== text) this.note.textContent = text;
    this.note.hidden = !text;
  }

  content() {
    const text = this.input.value.trim();
    const parts = this.pictures?.parts() ?? [];
    if (!text && !parts.length) return null;
    // Some providers refuse a part without words.
    if (text && parts.length) return [{ type: "text", text }, ...parts];
    return text || parts;
  }

  changed() {
    this.grow();
    this.show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask_estimate(), ESTIMATE_AFTER_MS);
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
  }

  show() {
    const { store } = this;
    const total = store.panes.length;
    const to = this.chosen.length;
    const running = store.running().length;
    this.input.placeholder = total === 1 ? `Message ${this.actions.name_of(store.panes[0])}…` : `Message ${plural(to, "model")}…`;
    this.to.hidden = total < 2;
    this.to_words.textContent = to === total ? `To all ${total}` : `To ${to} of ${total}`;
    this.stop_button.hidden = !running;
    this.form.classList.toggle("is-blocked", Boolean(this.why_blocked));
    this.blocked.hidden = !this.why_blocked;
    if (this.why_blocked !== this.blocked.dataset.shown) this.show_blocked();
    this.show_note();
    this.send_button.setAttribute("aria-disabled", String(!this.can_send(this.chosen)));
  }

  show_blocked() {
    this.blocked.dataset.shown = this.why_blocked ?? "";
    this.blocked.replaceChildren(...(this.why_blocked ? [
      icon("circle-alert"), make("span", { class: "grow" }, this.why_blocked),
      this.store.urls.credits && make("a", { class: "button button-sm button-primary", href: this.store.urls.credits }, "Add credits"),
    ].filter(Boolean) : []));
  }

  can_send(panes) {
    return Boolean(this.content()) && !this.why_blocked && !this.pictures?.is_busy && this.asked_of(panes).some((pane) => !this.store.is_busy(pane));
  }

  // --- What it costs

  ask_estimate() {
    const content = this.content();
    const panes = this.asked_of(this.chosen);
    if (!content || !panes.length) return this.forget_estimate();
    const bodies = Object.fromEntries(panes.map((pane) => [pane.id, this.conversation.body(pane, { content })]));
    this.line.send({ type: "estimate", id: (this.serial += 1), bodies, account: this.store.account });
  }

  forget_estimate() {
    this.why_blocked = null;
    this.estimate.textContent = "";
    this.show();
  }

  estimated({ id, panes, blocked, available }) {
    // An older question may be answered late.
    if (id !== this.serial || !this.content()) return;
    const known = Object.values(panes).filter((pane) => pane.worst !== null && pane.worst !== undefined);
    const worst = known.reduce((sum, pane) => sum + (nano(pane.worst) ?? 0), 0);
    const tokens = Math.max(0, ...known.map((pane) => pane.prompt_tokens ?? 0));
    const errors = Object.values(panes).map((pane) => pane.error).filter(Boolean);
    const whom = plural(known.length, "model");
    this.estimate.textContent = known.length ? `${tokens ? `~${count(tokens)} tok · ` : ""}≤ ${money(worst)} for ${whom}` : "";
    this.estimate.title = errors.map((error) => error.message ?? error).join("\n");
    this.why_blocked = blocked || null;
    this.store.estimates = new Map(Object.entries(panes).filter(([, pane]) => pane.worst));
    if (available !== undefined && available !== null) this.actions.show_balance(available);
    this.show();
  }

  // --- Send

  async send(to_all = false) {
    const chosen = to_all ? this.store.panes : this.chosen;
    const panes = this.asked_of(chosen);
    const content = this.content();
    if (!content) return;
    if (!chosen.length) return announce("No model is chosen: all panes are muted");
    if (!panes.length) return announce("These models see no images: write something, or choose one that does");
    if (!this.can_send(panes)) {
      if (this.why_blocked) announce(this.why_blocked);
      else announce("They still answer. Wait, or stop them first");
      return;
    }
    this.input.value = "";
    this.pictures?.clear();
    const asked = this.conversation.ask(panes, content);
    this.changed();
    const sent = await asked;
    if (sent.length < panes.length) announce(`Sent to ${sent.length} of ${panes.length}: the others still answer`);
  }

  press(event) {
    // Enter ends a composition and sends nothing; Safari says so only by the key code.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.send(event.ctrlKey || event.metaKey);
    } else if (event.key === "ArrowUp" && !this.input.value) {
      event.preventDefault();
      this.actions.edit_last();
    }
  }

  fill(text) {
    this.input.value = text;
    this.changed();
  }

  focus() {
    this.input.focus();
  }
}
