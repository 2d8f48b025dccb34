// <x-models>: a long list of checkboxes with a filter above it, and a count of what is chosen.
class Models extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    const search = this.querySelector("[data-models-search]");
    if (!search) return;
    search.hidden = false;
    this.filter = search.querySelector("input");
    this.filter.addEventListener("input", () => this.narrow());
    // Enter would send the form around it.
    this.filter.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    this.addEventListener("change", () => this.count());
  }

  narrow() {
    const words = this.filter.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const label of this.querySelectorAll("[data-model]")) {
      const text = label.dataset.model.toLowerCase();
      label.hidden = !words.every((word) => text.includes(word));
      if (!label.hidden) shown += 1;
    }
    this.dispatchEvent(new CustomEvent("announce", { bubbles: true, detail: `${shown} models` }));
  }

  count() {
    const chosen = this.querySelectorAll("[data-model] :checked").length;
    this.querySelector("[data-chosen]").textContent = chosen ? `${chosen} allowed` : "all allowed";
  }
}
customElements.define("x-models", Models);
