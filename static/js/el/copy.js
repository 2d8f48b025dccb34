// <x-copy><button data-text="...">: puts the text on the clipboard and says so.
// navigator.clipboard is missing on plain http, where many of these servers live.
function by_selection(text) {
  const area = document.createElement("textarea");
  const before = document.activeElement;
  area.value = text;
  area.readOnly = true;
  area.className = "hush";
  // Inside an open dialog nothing outside it can be selected.
  (before?.closest("dialog[open]") ?? document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  before?.focus();
  return copied;
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return by_selection(text);
  }
}

class Copy extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    if (!this.button || this.ready) return;
    this.ready = true;
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.copy());
  }

  text() {
    const source = this.button.dataset.from && document.getElementById(this.button.dataset.from);
    return source ? (source.value ?? source.textContent) : this.button.dataset.text;
  }

  async copy() {
    const copied = await copy(this.text());
    this.dispatchEvent(new CustomEvent("announce", { bubbles: true, detail: copied ? "Copied" : "Copying failed: select the text yourself" }));
    if (!copied) return;
    this.button.classList.add("is-done");
    setTimeout(() => this.button.classList.remove("is-done"), 1600);
  }
}
customElements.define("x-copy", Copy);
