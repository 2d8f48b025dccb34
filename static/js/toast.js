// Short messages: seen at the lower left, said by screen readers, gone after a while.
const STAYS_MS = 5000;

function region() {
  return document.getElementById("toasts");
}

export function announce(text) {
  const live = document.getElementById("live");
  if (!live) return;
  // The same text twice is said twice only if it changes in between.
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = text; });
}

// Goes by itself, unless somebody points at it or has the focus in it.
export function leave_later(element) {
  let timer;
  const start = () => { timer = setTimeout(() => element.remove(), STAYS_MS); };
  const stay = () => clearTimeout(timer);
  for (const name of ["mouseenter", "focusin"]) element.addEventListener(name, stay);
  for (const name of ["mouseleave", "focusout"]) element.addEventListener(name, () => { stay(); start(); });
  element.querySelector("[data-close]")?.addEventListener("click", () => element.remove());
  start();
}

// `action`: {text, run}, a button before the one that closes.
export function toast(text, kind = "info", action = null) {
  const template = document.getElementById("toast-template");
  if (!template || !region()) return;
  const element = template.content.firstElementChild.cloneNode(true);
  element.classList.add(`toast-${kind}`);
  element.querySelector("p").textContent = text;
  if (action) element.querySelector("[data-close]").before(button(action, element));
  region().append(element);
  leave_later(element);
}

function button({ text, run }, element) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button-sm";
  made.textContent = text;
  made.addEventListener("click", () => {
    element.remove();
    run();
  });
  return made;
}

for (const element of document.querySelectorAll("#toasts .toast")) leave_later(element);
