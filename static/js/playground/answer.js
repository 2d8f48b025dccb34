// An answer of a pane, from Queued to its last word, with what can be done with it.
import { text_of } from "playground/branches";
import { branch_switch } from "playground/branch_switch";
import { avatar, button, icon, make, menu } from "playground/dom";
import { error_card } from "playground/error_card";
import { cost_of, figures_of } from "playground/footer";
import { Answer } from "playground/markdown";
import { Progress } from "playground/progress";
import { Reasoning } from "playground/reasoning";
import { is_running } from "playground/runs";
import { copy } from "el/copy";
import { announce } from "toast";

export class AnswerView {
  constructor(message, context) {
    this.message = message;
    this.context = context;
    const { conversation } = context;
    this.label = make("div", { class: "answer-model" });
    this.text = make("div");
    this.answer = new Answer(this.text);
    this.progress = new Progress({ on_stop: () => conversation.stop([message]), on_switch: () => context.switch_model(message) });
    this.thought = make("div", { class: "answer-thought" });
    this.extras = make("div", { class: "answer-extras" });
    this.end = make("div", { class: "answer-end" });
    this.siblings = make("span", { class: "siblings" });
    this.actions = this.make_actions();
    this.element = make(
      "div", { class: "turn turn-assistant", "data-message": message.id },
      this.label, this.thought, this.text, this.extras, this.progress.element, this.end, this.actions,
    );
    if (message.message.content) this.answer.replace(message.message.content);
    this.update();
  }

  make_actions() {
    const { message, context } = this;
    const { conversation } = context;
    this.again = menu({
      label: "Regenerate", icon: "rotate-ccw", align: "left",
      items: () => [
        { text: `Again with ${context.blind ? "the same model" : context.store.name_of(message.asked ?? message.model)}`, icon: "rotate-ccw", run: () => conversation.regenerate(message, message.asked ?? message.model) },
        { text: "Another model…", icon: "layers", run: () => context.pick((model) => conversation.regenerate(message, model)) },
      ],
    });
    this.on = button({ icon: "arrow-right", variant: "ghost", label: "Continue", onclick: () => conversation.continue(message) });
    return make(
      "div", { class: "turn-actions" }, this.siblings,
      (this.copy_button = button({ icon: "copy", variant: "ghost", label: "Copy answer", onclick: () => this.copy() })),
      this.again, this.on, (this.figures = make("span", { class: "turn-figures" })),
    );
  }

  copy() {
    return copy(this.message.message.content).then(() => announce("Copied"));
  }

  push(text) {
    this.answer.push(text);
  }

  replace() {
    this.answer.replace(this.message.message.content);
  }

  update() {
    const { message } = this;
    const running = is_running(message);
    const is_waiting = running && (message.live.status !== "streaming" || message.live.is_stopping);
    this.element.classList.toggle("is-streaming", running && message.live.status === "streaming");
    this.progress.element.hidden = !is_waiting;
    if (is_waiting) this.progress.show(message);
    this.show_reasoning();
    this.show_label();
    this.actions.hidden = running;
    // The card of an error has buttons of its own.
    this.copy_button.hidden = !message.message.content;
    this.again.hidden = !message.message.content && Boolean(message.error);
    this.on.hidden = !can_continue(message);
    this.text.hidden = !message.message.content;
    branch_switch(this.siblings, message, this.context);
    if (!running && !this.is_over) this.finish();
    if (message.message.tool_calls?.length && !running) this.show_tools();
  }

  show_reasoning() {
    const { reasoning } = this.message.message;
    if (!reasoning) return;
    if (!this.reasoning) {
      this.reasoning = new Reasoning();
      this.thought.replaceChildren(this.reasoning.element);
    }
    this.reasoning.push(reasoning.slice(this.reasoning.text.length));
    const is_over = this.message.message.content || !is_running(this.message);
    // Of an answer that was there before the page, nobody knows how long.
    if (is_over && !this.reasoning.is_finished) this.reasoning.finish(this.message.saw_start ? undefined : null);
  }

  // Whose it is, where it is not the pane's own model.
  show_label() {
    const { message, context } = this;
    const differs = !context.blind && message.model && message.model !== context.pane.model;
    if (this.labelled === `${differs}${message.model}`) return;
    this.labelled = `${differs}${message.model}`;
    const model = context.store.model(message.model);
    this.label.replaceChildren(...(differs ? [avatar(model, "sm"), make("span", {}, context.store.name_of(message.model))] : []));
  }

  finish() {
    const { message, context } = this;
    this.is_over = true;
    this.answer.finish();
    const { conversation } = context;
    const again = { on_retry: () => conversation.regenerate(message, message.asked ?? message.model), on_switch: () => context.switch_model(message), credits: context.store.urls.credits };
    this.end.replaceChildren(...(message.error ? [error_card(message, again)] : []), ...note(message));
    this.figures.replaceChildren(...(message.error ? [] : [...figures_of(message), cost_of(message)]));
    if (message.figures.objects?.length) this.show_objects();
  }

  async show_objects() {
    const { viewer } = await import("playground/viewer3d");
    const asked = this.context.store.messages.get(this.message.parent);
    const alt = text_of(asked?.message.content ?? "An object");
    this.extras.replaceChildren(...this.message.figures.objects.map(({ url }) => viewer({ url, alt })));
  }

  async show_tools() {
    if (this.tools) return;
    this.tools = true;
    const { show_calls } = await import("playground/tool_calls");
    show_calls(this.extras, this.message, this.context);
  }

  tick() {
    if (is_running(this.message) && !this.progress.element.hidden) this.progress.show(this.message);
    // Words came, and then none for long.
    else if (is_running(this.message)) this.tell_silence();
  }

  tell_silence() {
    const silent = Date.now() - (this.message.live.heard_at ?? Date.now()) > 20_000;
    this.progress.element.hidden = !silent;
    if (silent) this.progress.show(this.message);
  }

  remove() {
    this.answer.finish();
    this.element.remove();
  }
}

const can_continue = (message) =>
  Boolean(message.message.content) && !message.message.tool_calls?.length &&
  (message.state !== "done" || message.figures?.finish === "length");

function note(message) {
  const text = ending(message);
  return text ? [make("p", { class: "answer-note" }, icon("info", "sm"), text)] : [];
}

// What became of it, where it is not simply done.
function ending(message) {
  if (message.state === "stopped") {
    return message.figures?.cancelled
      ? "Stopped. The provider stopped too: only what was produced is billed."
      : "Stopped here. The provider does not say that it stopped: what it produced is billed.";
  }
  if (message.state === "lost") return "The server was restarted meanwhile. This is what had come until then; what it cost is settled.";
  if (message.state === "done" && message.figures?.finish === "length") return "It ends because max_tokens was reached.";
  if (message.state === "done" && message.figures?.finish === "content_filter") return "The provider's filter ended it.";
  return "";
}
