// The search of the top bar: Ctrl K (Cmd K) opens it anywhere, arrows go through what was found, and
// Enter in the field opens the first of it. Its groups are loaded by htmx whenever it says "find".
const WAIT_MS = 120;

const dialog = document.getElementById("find");
const input = dialog?.querySelector("input");
const links = () => [...dialog.querySelectorAll(".find-groups a")];
let waiting = 0;
let asked = null;
let hurries = false; // Enter came before the answer

function find() {
  clearTimeout(waiting);
  if (asked === input.value) return;
  asked = input.value;
  dialog.dispatchEvent(new CustomEvent("find"));
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

const is_answered = () => asked === input.value && !dialog.querySelector(".htmx-request");

function go() {
  hurries = !is_answered();
  if (hurries) return find();
  const [first] = links();
  if (first) first.click();
  else input.form.submit();
}

function settle() {
  const count = links().length;
  const is_over = is_answered();
  dialog.querySelector(".find-none").hidden = count > 0 || !is_over;
  if (!is_over) return;
  const said = count ? `${count} found` : "Nothing found";
  dispatchEvent(new CustomEvent("announce", { detail: said }));
  if (hurries) go();
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
  dialog.addEventListener("htmx:afterRequest", settle);
}
