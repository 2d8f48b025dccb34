// Which model: those used last, favourites, all others; searched by name, id and what they can.
import { avatar, by_id, icon, make } from "playground/dom";
import { context_length, price_words } from "playground/figures";
import { post } from "playground/http";

const RECENT_KEY = "playground:recent";
const RECENT_MAX = 5;
const SHOWN_MAX = 120;

export class Picker {
  constructor(store, { on_problem }) {
    this.store = store;
    this.on_problem = on_problem;
    this.dialog = by_id("picker");
    this.input = by_id("picker-search");
    this.list = by_id("picker-list");
    this.note = by_id("picker-note");
    this.input.addEventListener("input", () => this.show());
    this.dialog.addEventListener("keydown", (event) => this.press(event));
    // Typing goes on searching, wherever the focus is.
    this.list.addEventListener("keydown", (event) => {
      if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) this.input.focus();
    });
  }

  // `choose(id)` when somebody did.
  open(choose, title = "Choose a model") {
    this.choose = choose;
    by_id("picker-title").textContent = title;
    this.input.value = "";
    this.show();
    this.dialog.showModal();
    this.input.focus();
  }

  groups() {
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [...this.store.models.values()].filter((model) => words.every((word) => searched(model).includes(word)));
    const by_ids = (ids) => ids.map((id) => found.find((model) => model.id === id)).filter(Boolean);
    const recent = by_ids(recently_used());
    const favourites = by_ids(this.store.preferences.favourites).filter((model) => !recent.includes(model));
    const rest = found.filter((model) => !recent.includes(model) && !favourites.includes(model));
    // What can be chosen comes before what can not.
    const others = [...rest.filter((model) => !model.disabled), ...rest.filter((model) => model.disabled)];
    return [["Recent", recent], ["Favourites", favourites], [recent.length + favourites.length ? "All" : "", others]];
  }

  show() {
    let room = SHOWN_MAX;
    let left_off = 0;
    const parts = [];
    for (const [title, models] of this.groups()) {
      const shown = models.slice(0, room);
      room -= shown.length;
      left_off += models.length - shown.length;
      if (!shown.length) continue;
      if (title) parts.push(make("h3", { class: "picker-group" }, title));
      parts.push(make("ul", { class: "picker-rows" }, shown.map((model) => this.row(model))));
    }
    this.list.replaceChildren(...parts);
    const none = parts.length ? "" : "No model has all of these words.";
    this.note.textContent = left_off ? `${left_off} more: search for them.` : none;
  }

  row(model) {
    const is_favourite = () => this.store.preferences.favourites.includes(model.id);
    const star = make("button", {
      type: "button", class: "picker-star", "aria-pressed": String(is_favourite()), "aria-label": `Favourite: ${model.name}`,
      onclick: () => {
        this.favour(model.id);
        star.setAttribute("aria-pressed", String(is_favourite()));
      },
    }, icon("star"));
    const main = make(
      "button", { type: "button", class: "picker-main", "data-model": model.id, "aria-disabled": model.disabled ? "true" : null, onclick: () => this.chosen(model) },
      avatar(model),
      make("span", { class: "picker-name" }, make("span", { class: "strong" }, model.name), make("span", { class: "id" }, model.id), model.disabled && make("span", { class: "picker-reason" }, model.disabled)),
      make("span", { class: "picker-can" }, ...abilities(model)),
      make("span", { class: "picker-price" }, make("span", {}, price_words(model)), make("span", { class: "muted" }, model.media ? "" : context_length(model.context_length))),
    );
    return make("li", { class: model.disabled ? "picker-row is-disabled" : "picker-row" }, main, star);
  }

  chosen(model) {
    if (model.disabled) {
      this.note.textContent = model.disabled;
      return;
    }
    remember(model.id);
    this.dialog.close();
    this.choose(model.id);
  }

  favour(id) {
    const { preferences } = this.store;
    const before = preferences.favourites;
    preferences.favourites = before.includes(id) ? before.filter((each) => each !== id) : [...before, id];
    post("/playground/preferences", { favourites: preferences.favourites }).catch((error) => {
      preferences.favourites = before;
      this.on_problem(error);
    });
  }

  press(event) {
    if (event.isComposing) return;
    const rows = [...this.list.querySelectorAll(".picker-main")];
    const at = rows.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (at + step < 0) this.input.focus();
      else rows[Math.min(rows.length - 1, at + step)]?.focus();
    } else if (event.key === "Enter" && event.target === this.input) {
      event.preventDefault();
      rows.find((row) => !row.hasAttribute("aria-disabled"))?.click();
    }
  }
}

const searched = (model) =>
  `${model.id} ${model.name} ${model.input.includes("image") ? "vision image" : ""} ${model.tools ? "tools" : ""} ${model.media ? "3d" : ""} ${Number(model.prompt) ? "" : "free"}`.toLowerCase();

function abilities(model) {
  const mark = (name, words) => make("span", { title: words }, icon(name, "sm"), make("span", { class: "hush" }, words));
  return [
    model.input.includes("image") && mark("eye", "Sees images"),
    model.tools && mark("wrench", "Calls tools"),
    model.media && mark("box", "Makes 3D objects"),
  ].filter(Boolean);
}

function recently_used() {
  try {
    const found = JSON.parse(localStorage.getItem(RECENT_KEY) ?? "[]");
    return Array.isArray(found) ? found.map(String) : [];
  } catch {
    return [];
  }
}

function remember(id) {
  try {
    const ids = [id, ...recently_used().filter((each) => each !== id)].slice(0, RECENT_MAX);
    localStorage.setItem(RECENT_KEY, JSON.stringify(ids));
  } catch { /* Without storage there are no recent ones. */ }
}
