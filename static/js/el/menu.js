// <x-menu><details>: closes on Escape, on a click elsewhere and when the focus leaves it.
class Menu extends HTMLElement {
  connectedCallback() {
    this.details = this.querySelector("details");
    if (!this.details || this.ready) return;
    this.ready = true;
    this.addEventListener("keydown", (event) => this.press(event));
    this.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !this.contains(event.relatedTarget)) this.details.open = false;
    });
  }

  press(event) {
    if (!this.details.open) return;
    const items = [...this.details.querySelectorAll(".menu-list a, .menu-list button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      this.details.open = false;
      this.details.querySelector("summary").focus();
    } else if (step && items.length) {
      event.preventDefault();
      const at = items.indexOf(document.activeElement);
      items.at(at < 0 && step < 0 ? -1 : (at + step) % items.length).focus();
    }
  }
}
customElements.define("x-menu", Menu);

addEventListener("click", (event) => {
  for (const details of document.querySelectorAll("x-menu details[open], details.policy[open]")) {
    if (!details.contains(event.target)) details.open = false;
  }
});
