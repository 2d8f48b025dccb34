// Another amount and the amounts on offer take turns: typing one unchecks the others, and back.
class Amount extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", (event) => {
      const own = this.querySelector('[name="own_amount"]');
      if (event.target === own && own.value.trim()) {
        for (const radio of this.querySelectorAll('[type="radio"]')) radio.checked = false;
      } else if (event.target.type === "radio") own.value = "";
    });
  }
}
customElements.define("x-amount", Amount);

// A button to print exists where a script can.
class Print extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", () => window.print());
  }
}
customElements.define("x-print", Print);
