// Every page's script: its elements, htmx's manners, the theme, toasts, and two keys.
import "el/copy";
import "el/combobox";
import "el/dialog";
import "el/find";
import "el/menu";
import "el/passkey";
import "el/tabs";
import "el/time";
import { announce, toast } from "toast";

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

function follow_htmx() {
  let waiting = 0;
  const body = document.body;
  body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = token();
  });
  body.addEventListener("htmx:beforeRequest", () => {
    waiting += 1;
    body.setAttribute("aria-busy", "true");
  });
  body.addEventListener("htmx:afterRequest", () => {
    waiting -= 1;
    if (waiting <= 0) body.removeAttribute("aria-busy");
  });
  body.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    toast(`That did not work: the server answered ${status}. Nothing was changed.`, "error");
  });
  body.addEventListener("htmx:sendError", () => {
    toast("The server cannot be reached. Check the connection and try again.", "error");
  });
}

const differs = ({ type, checked, defaultChecked }) =>
  type === "checkbox" ? checked !== defaultChecked : type === "radio" && checked && !defaultChecked;

function chosen_anew(select) {
  const first = [...select.options].findIndex((option) => option.defaultSelected);
  return select.selectedIndex !== Math.max(first, 0);
}

// What was chosen before htmx was there is told to it now.
function catch_up() {
  for (const element of document.querySelectorAll("[hx-trigger*=change]")) {
    const changed = [...element.querySelectorAll("input")].find(differs)
      ?? [...element.querySelectorAll("select")].find(chosen_anew);
    changed?.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

// The server keeps the theme in a cookie; here the page only changes at once.
function follow_theme(event) {
  const form = event.target.closest("form[data-theme-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  if (theme === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
  for (const button of document.querySelectorAll("form[data-theme-form] button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
  form.closest("details")?.removeAttribute("open");
  const body = new URLSearchParams({ theme, script: "1" });
  fetch(form.action, { method: "POST", body, headers: { "X-CSRFToken": token() } }).catch(() => {
    toast("The theme could not be kept: the server cannot be reached.", "error");
  });
}

// A form is sent once; its button keeps its width and says that it waits.
function send_once(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
  // Coming back to the page by the Back button must not find it dead.
  addEventListener("pageshow", () => { delete form.dataset.sent; event.submitter?.removeAttribute("aria-busy"); }, { once: true });
}

const writes = (element) => element.closest("input, textarea, select, [contenteditable]");

// "/" goes to the page's filter, "?" shows the keys; data-keys="off" on <html> switches both off.
function press(event) {
  const is_ours = document.documentElement.dataset.keys !== "off";
  if (!is_ours || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writes(event.target)) return;
  if (event.key === "/") {
    const filter = document.querySelector("[data-filter]");
    if (!filter) return;
    event.preventDefault();
    filter.focus();
    filter.select?.();
  } else if (event.key === "?") {
    document.getElementById("shortcuts")?.showModal();
  }
}

follow_htmx();
// After htmx's own listener, which came first.
addEventListener("DOMContentLoaded", catch_up);
addEventListener("submit", follow_theme);
addEventListener("submit", send_once);
addEventListener("keydown", press);
addEventListener("announce", (event) => announce(event.detail));
