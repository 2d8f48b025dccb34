// What the page is made of: buttons, menus, marks. Text is always a text node, never HTML.
import { icon, make as made_of } from "make";

export { icon };

// As make, where what a field holds is no attribute.
export function make(tag, { value, checked, ...attributes } = {}, ...children) {
  const element = made_of(tag, attributes, ...children);
  if (value !== undefined) element.value = value;
  if (checked !== undefined) element.checked = checked;
  return element;
}

// A button: {label} names one that shows an icon alone.
export function button({ text, icon: name, label, variant = "", size = "sm", onclick, ...more }) {
  const classes = ["button", variant && `button-${variant}`, size && `button-${size}`, !text && "button-icon"];
  return make(
    "button",
    { type: "button", class: classes.filter(Boolean).join(" "), "aria-label": label, title: label, onclick, ...more },
    name && icon(name), text && make("span", {}, text),
  );
}

// Items: {text, icon, run, href, danger, checked}, or null for a line between.
export function menu({ label, icon: name, text, items, align = "" }) {
  const list = make("div", { class: "menu-list" });
  const summary = make(
    "summary",
    { class: `button button-sm ${text ? "" : "button-ghost button-icon"}`, "aria-label": text ? null : label, title: label },
    name && icon(name), text, text && icon("chevron-down", "sm"),
  );
  const details = make("details", { class: align ? `menu menu-${align}` : "menu" }, summary, list);
  // What is in it may depend on what happened since it was made.
  details.addEventListener("toggle", () => {
    if (details.open) list.replaceChildren(...items().map((item) => menu_item(item, details)));
  });
  return make("x-menu", {}, details);
}

function menu_item(item, details) {
  if (!item) return make("hr");
  if (item.note) return make("p", { class: "menu-note" }, item.note);
  const inside = [item.icon && icon(item.icon), make("span", { class: "grow" }, item.text)];
  // Where it leads away, the page goes; where it downloads, the menu would stay.
  if (item.href) return make("a", { href: item.href, download: item.download, onclick: () => { details.open = false; } }, ...inside);
  const run = () => {
    if (!item.stays) details.open = false;
    item.run();
  };
  const pressed = item.checked === undefined ? null : String(item.checked);
  const made = make("button", { type: "button", class: item.danger ? "is-danger" : null, "aria-pressed": pressed, onclick: run }, ...inside);
  if (item.stays) made.addEventListener("click", () => made.setAttribute("aria-pressed", String(item.is_checked())));
  return made;
}

export function avatar(model, size = "") {
  const [colour, letters] = model?.avatar ?? ["a0", "?"];
  return make("span", { class: `avatar avatar-${colour}${size ? ` avatar-${size}` : ""}`, "aria-hidden": "true" }, letters);
}

export const badge = (kind, text, more = {}) =>
  make("span", { class: `badge${kind ? ` badge-${kind}` : ""}${more.dot ? " badge-dot" : ""}`, title: more.title }, text);

export const by_id = (id) => document.getElementById(id);
