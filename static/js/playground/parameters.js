// The sheet of a pane: everything of a request that is not the conversation. What is typed counts at
// once; it can be copied to all panes, or taken back.
import { button, by_id, make } from "playground/dom";
import { field, section, toggle } from "playground/fields";
import { price_words } from "playground/figures";
import { media_fields, OUTPUT, SAMPLING, TOOLS, unsupported, written } from "playground/parameter_table";
import { announce } from "toast";

const words = (text) => text.split(/[\n,]/).map((word) => word.trim()).filter(Boolean);
const SHARED = ["parameters", "system", "prefill", "provider", "models", "transforms", "json"];

export class Parameters {
  constructor(store, { pick }) {
    this.store = store;
    this.pick = pick;
    this.dialog = by_id("parameters");
    this.body = by_id("parameters-body");
    by_id("parameters-reset").addEventListener("click", () => this.reset());
    by_id("parameters-all").addEventListener("click", () => this.to_all());
  }

  open(pane) {
    this.pane = pane;
    this.show();
    this.dialog.showModal();
    // The first field, and not the button that closes.
    this.body.querySelector("input:enabled, textarea:enabled, select:enabled")?.focus();
  }

  show() {
    const { pane, store } = this;
    const model = store.model(pane.model);
    by_id("parameters-title").textContent = `Parameters of ${store.name_of(pane.model)}`;
    by_id("parameters-all").hidden = store.panes.length < 2;
    const own = model?.media ? [section("3D objects", ...this.fields(media_fields(model.media), model), make("p", { class: "small muted" }, price_words(model)))] : this.sections(model);
    this.body.replaceChildren(...own);
  }

  sections(model) {
    return [
      section("Prompt", this.system(), this.prefill()),
      section("Sampling", make("div", { class: "sheet-pairs" }, ...this.fields(SAMPLING, model))),
      section("Answer", this.json_mode(model), ...this.fields(OUTPUT, model)),
      section("Tools", make("div", { class: "sheet-pairs" }, ...this.fields(TOOLS, model))),
      section("Routing", this.fallbacks(), ...this.provider(), this.transforms()),
    ];
  }

  change(changes) {
    this.store.change_pane(this.pane.id, changes);
  }

  fields(table, model) {
    return table.map((row) => field({
      ...row, value: written(row, this.pane.parameters[row.name]), reason: unsupported(row, model),
      take: (text) => {
        const value = row.read(text);
        const parameters = { ...this.pane.parameters, [row.name]: value };
        if (value === undefined) delete parameters[row.name];
        this.change({ parameters });
      },
    }));
  }

  system() {
    const { pane, store } = this;
    return field({
      label: "System prompt of this pane", kind: "text", value: pane.system ?? "", usual: store.settings.system || "none",
      help: "Empty: the one of the chat.", take: (text) => this.change({ system: text ? text : null }),
    });
  }

  prefill() {
    return field({
      label: "Start of the answer", kind: "text", value: this.pane.prefill, help: "The model goes on from these words.",
      take: (text) => this.change({ prefill: text }),
    });
  }

  json_mode(model) {
    const row = { name: "response_format" };
    return toggle({ label: "JSON mode", help: "The answer is a JSON object. Say so in the prompt too.", checked: this.pane.json, reason: unsupported(row, model), take: (json) => this.change({ json }) });
  }

  fallbacks() {
    const chosen = make("ul", { class: "sheet-chosen" });
    const show = () => chosen.replaceChildren(...this.pane.models.map((id) => make("li", {}, make("span", { class: "id" }, id), button({
      icon: "x", variant: "ghost", label: `Remove ${id}`,
      onclick: () => {
        this.change({ models: this.pane.models.filter((each) => each !== id) });
        show();
      },
    }))));
    show();
    const add = button({ text: "Add fallback model", icon: "plus", onclick: () => this.pick((id) => {
      if (!this.pane.models.includes(id)) this.change({ models: [...this.pane.models, id] });
      show();
    }, "Choose a fallback model") });
    return make("div", { class: "field" }, make("span", { class: "field-label" }, "Fallback models"), chosen, add, make("p", { class: "field-help" }, "Asked in this order, where no provider of the first can answer."));
  }

  set_provider(name, value) {
    const provider = { ...this.pane.provider, [name]: value };
    if (value === undefined || (Array.isArray(value) && !value.length)) delete provider[name];
    this.change({ provider });
  }

  provider() {
    const { provider, model } = this.pane;
    const known = this.store.model(model)?.providers ?? [];
    const names = known.length ? ` Of this model: ${known.join(", ")}.` : "";
    const list = (name, label, help) => field({ label, help, value: (provider[name] ?? []).join(", "), take: (text) => this.set_provider(name, words(text)) });
    const choice = (name, label, choices, read) => field({ label, kind: "choice", choices, value: String(provider[name] ?? ""), take: (text) => this.set_provider(name, read(text)) });
    return [
      list("order", "Providers to try first", `Names, with commas between.${names}`),
      list("ignore", "Providers to leave out", ""),
      make("div", { class: "sheet-pairs" },
        choice("sort", "Sort by", [["", "Balance"], ["price", "Price"], ["throughput", "Throughput"], ["latency", "Latency"]], (text) => text || undefined),
        choice("data_collection", "Data collection", [["", "As the account allows"], ["deny", "Only providers that do not train"]], (text) => text || undefined)),
      toggle({ label: "Fall back to other providers", checked: provider.allow_fallbacks !== false, take: (on) => this.set_provider("allow_fallbacks", on ? undefined : false) }),
      toggle({ label: "Require parameters", help: "Only providers that take all that is set here.", checked: Boolean(provider.require_parameters), take: (on) => this.set_provider("require_parameters", on || undefined) }),
    ];
  }

  transforms() {
    const { transforms } = this.pane;
    return field({
      label: "Transforms", kind: "choice", choices: [["", "As the account has it"], ["middle-out", "Middle-out"], ["none", "None"]],
      value: transforms === null ? "" : transforms.length ? "middle-out" : "none", help: "Middle-out shortens a prompt that is too long for the model.",
      take: (text) => this.change({ transforms: text === "" ? null : text === "none" ? [] : ["middle-out"] }),
    });
  }

  reset() {
    this.change({ parameters: {}, system: null, prefill: "", provider: {}, models: [], transforms: null, json: false });
    this.show();
    announce("Everything of this pane is as it comes");
  }

  to_all() {
    const own = Object.fromEntries(SHARED.map((name) => [name, this.pane[name]]));
    const others = this.store.panes.filter((pane) => pane !== this.pane);
    for (const pane of others) this.store.change_pane(pane.id, structuredClone(own));
    announce(`Applied to ${others.length} more`);
    this.dialog.close();
  }
}
