// <x-tabs remember="language"> around radio buttons: the choice is kept, and holds on the whole site.
class Tabs extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.key = `tab:${this.getAttribute("remember") ?? ""}`;
    this.addEventListener("change", (event) => this.keep(event.target.value));
    addEventListener("tab:chosen", (event) => {
      if (event.detail.key === this.key) this.choose(event.detail.value);
    });
    try {
      this.choose(localStorage.getItem(this.key));
    } catch { /* No storage: the first language it is. */ }
  }

  choose(value) {
    for (const radio of this.querySelectorAll("input[type=radio]")) {
      if (radio.value === value) radio.checked = true;
    }
  }

  keep(value) {
    try {
      localStorage.setItem(this.key, value);
    } catch { /* Kept for this page only. */ }
    dispatchEvent(new CustomEvent("tab:chosen", { detail: { key: this.key, value } }));
  }
}
customElements.define("x-tabs", Tabs);

// Long lines of code: wrapped or not.
addEventListener("click", (event) => {
  const button = event.target.closest(".code-wrap");
  if (!button) return;
  const is_wrapped = button.closest(".code").classList.toggle("is-wrapped");
  button.setAttribute("aria-pressed", String(is_wrapped));
});
