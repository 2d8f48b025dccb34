// ‹ 2/3 ›: the branches at one place of a conversation.
import { icon, make } from "playground/dom";

const arrow = (name, label, is_off, onclick) =>
  make("button", { type: "button", class: "sibling", "aria-label": label, title: label, disabled: is_off, onclick }, icon(name, "sm"));

export function branch_switch(element, message, { store }) {
  const all = store.siblings(message);
  const at = all.findIndex((each) => each.id === message.id);
  const key = `${at}/${all.length}`;
  // What is focused stays, while others grow.
  if (element.dataset.shown === key) return;
  element.dataset.shown = key;
  if (all.length < 2) return element.replaceChildren();
  const go = (step) => store.show_branch(all[at + step]);
  element.replaceChildren(
    arrow("chevron-left", "Branch before", at === 0, () => go(-1)),
    make("span", { class: "tabular tiny" }, `${at + 1}/${all.length}`),
    arrow("chevron-right", "Branch after", at === all.length - 1, () => go(1)),
  );
}
