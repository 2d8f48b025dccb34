// Fields of sheets: a label, what one types, what it is for, and what is wrong with it.
import { icon, make } from "playground/dom";

let serial = 0;

function input_of(kind, attributes, choices) {
  if (kind === "choice") return make("select", attributes, choices.map(([value, text]) => make("option", { value }, text)));
  if (kind === "lines" || kind === "json" || kind === "text") return make("textarea", { ...attributes, rows: "2", spellcheck: kind === "text" ? null : "false", class: kind === "text" ? null : "mono" });
  return make("input", { ...attributes, type: kind === "number" ? "number" : "text", autocomplete: "off" });
}

// `take(text)` may throw: its words stand under the field, and nothing was changed.
export function field({ label, help = "", kind = "line", value = "", usual, step, choices, reason = "", take }) {
  const id = `set-${(serial += 1)}`;
  const wrong = make("p", { class: "field-error", id: `${id}-error`, hidden: true });
  const input = input_of(kind, { id, placeholder: usual, step, "aria-describedby": `${id}-help ${id}-error`, disabled: Boolean(reason) }, choices);
  input.value = value;
  const change = () => {
    try {
      take(input.value);
      wrong.hidden = true;
      input.removeAttribute("aria-invalid");
    } catch (error) {
      wrong.replaceChildren(icon("circle-alert"), make("span", {}, error.message));
      wrong.hidden = false;
      input.setAttribute("aria-invalid", "true");
    }
  };
  input.addEventListener(kind === "choice" ? "change" : "input", change);
  const words = reason ? make("span", { class: "field-reason" }, reason) : help;
  return make(
    "div", { class: reason ? "field is-unsupported" : "field" },
    make("label", { class: "field-label", for: id }, label), input, make("p", { class: "field-help", id: `${id}-help` }, words), wrong,
  );
}

export function toggle({ label, help = "", checked, reason = "", take }) {
  const id = `set-${(serial += 1)}`;
  const input = make("input", {
    class: "switch-input", type: "checkbox", role: "switch", id, checked, disabled: Boolean(reason), "aria-describedby": `${id}-help`,
    onchange: () => take(input.checked),
  });
  const text = make("div", { class: "switch-text" }, make("label", { for: id }, label), make("p", { id: `${id}-help` }, reason || help));
  return make("div", { class: "switch" }, text, input);
}

export const section = (title, ...children) => make("section", { class: "sheet-section" }, make("h3", {}, title), ...children);
