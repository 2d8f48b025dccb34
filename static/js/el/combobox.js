// <x-combobox> around an <input list="id"> and its <datalist>: a list that searches anywhere in the
// text and goes by arrow keys. Without script the browser's own list does.
let serial = 0;

class Combobox extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    const data = this.querySelector("datalist");
    if (!this.input || !data || this.list) return;
    this.choices = [...data.options].map((option) => ({ value: option.value, label: option.label }));
    this.build();
    this.input.addEventListener("input", () => this.show());
    this.input.addEventListener("focus", () => this.show());
    this.input.addEventListener("blur", () => this.hide());
    this.input.addEventListener("keydown", (event) => this.press(event));
  }

  build() {
    this.input.removeAttribute("list");
    this.list = document.createElement("ul");
    this.list.className = "combo-list";
    this.list.id = `combo-${(serial += 1)}`;
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.input.labels?.[0]?.textContent.trim() ?? "Choices");
    // Before the input loses the focus, and with it the list.
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose(option);
    });
    const holder = document.createElement("div");
    holder.className = "combo";
    this.input.replaceWith(holder);
    holder.append(this.input, this.list);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", this.list.id], ["autocomplete", "off"]]) {
      this.input.setAttribute(name, value);
    }
  }

  show() {
    const wanted = this.input.value.trim().toLowerCase();
    const exact = this.choices.some((choice) => choice.value.toLowerCase() === wanted);
    const found = this.choices.filter((choice) => exact || `${choice.value} ${choice.label}`.toLowerCase().includes(wanted));
    this.list.replaceChildren(...found.slice(0, 50).map((choice, at) => this.option(choice, at)));
    this.list.hidden = found.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark(null);
  }

  option(choice, at) {
    const item = document.createElement("li");
    item.id = `${this.list.id}-${at}`;
    item.dataset.value = choice.value;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const value = document.createElement("span");
    value.textContent = choice.value;
    item.append(value);
    if (choice.label && choice.label !== choice.value) {
      const note = document.createElement("span");
      note.className = "muted";
      note.textContent = choice.label;
      item.append(note);
    }
    return item;
  }

  mark(option) {
    this.current?.setAttribute("aria-selected", "false");
    this.current = option;
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  press(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing) return;
    if (step) {
      event.preventDefault();
      if (this.list.hidden) return this.show();
      const options = [...this.list.children];
      const at = options.indexOf(this.current);
      this.mark(options.at(at < 0 && step < 0 ? -1 : (at + step) % options.length) ?? null);
    } else if (event.key === "Enter" && this.current) {
      event.preventDefault();
      this.choose(this.current);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.hide();
    }
  }

  choose(option) {
    this.input.value = option.dataset.value;
    this.hide();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  hide() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.mark(null);
  }
}
customElements.define("x-combobox", Combobox);
