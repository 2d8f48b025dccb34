// The search of the top bar: Ctrl K (Cmd K) opens it anywhere, arrows go through what was found, and
// Enter in the field opens the first of it. Each group is HTML of the part of the site it is of.
import { announce } from "toast";

const WAIT_MS = 120;

const dialog = document.getElementById("find");
const input = dialog?.querySelector("input");
const groups = [...(dialog?.querySelectorAll("[data-find]") ?? [])];
const links = () => [...dialog.querySelectorAll(".find-groups a")];
let waiting = 0;
let asked = null; // what the answer under way, or shown, is to
let is_answered = false;
let hurries = false; // Enter came before the answer

async function html_of(group, words) {
  const answer = await fetch(`${group.dataset.find}?${new URLSearchParams({ q: words })}`).catch(() => null);
  return answer?.ok ? answer.text() : "";
}

async function find() {
  clearTimeout(waiting);
  const words = input.value;
  if (asked === words) return;
  asked = words;
  is_answered = false;
  const parts = await Promise.all(groups.map((group) => html_of(group, words)));
  if (asked !== words) return; // something else was asked meanwhile
  groups.forEach((group, number) => { group.innerHTML = parts[number]; });
  is_answered = true;
  settle();
}

function settle() {
  const count = links().length;
  dialog.querySelector(".find-none").hidden = count > 0;
  announce(count ? `${count} found` : "Nothing found");
  if (hurries) go();
}

function go() {
  hurries = !is_answered || asked !== input.value;
  if (hurries) return find();
  const [first] = links();
  if (first) first.click();
  else input.form.submit();
}

function open() {
  if (!dialog.open) dialog.showModal();
  input.select();
  find();
}

function step(event) {
  const all = [input, ...links()];
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || event.isComposing) return;
  event.preventDefault();
  const at = Math.max(0, all.indexOf(document.activeElement));
  all[(at + by + all.length) % all.length].focus();
}

if (dialog) {
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  // However it was opened.
  dialog.addEventListener("toggle", () => { if (dialog.open) open(); });
  input.addEventListener("input", () => {
    hurries = false;
    clearTimeout(waiting);
    waiting = setTimeout(find, WAIT_MS);
  });
  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  dialog.addEventListener("keydown", step);
}
