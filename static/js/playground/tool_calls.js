// The calls that an answer asks for: a card for each, and when all have a result the model goes on.
import { button, make } from "playground/dom";
import { toolCard } from "playground/tools";

export function show_calls(element, message, context) {
  const calls = message.message.tool_calls;
  const results = new Map();
  const { store, conversation } = context;
  // What was answered already shows as its own turns.
  const is_answered = () => store.siblings({ ...message, id: null, parent: message.id }).length > 0;
  const go_on = button({
    text: "Send results", icon: "arrow-up", variant: "primary", disabled: true,
    onclick: () => {
      go_on.disabled = true;
      conversation.give_results(message, calls.map((call) => ({ tool_call_id: call.id, content: results.get(call.id) })));
    },
  });
  const take = (call) => (text) => {
    results.set(call.id, text);
    go_on.disabled = results.size < calls.length;
    // With one call there is nothing to wait for.
    if (calls.length === 1) go_on.click();
  };
  const cards = calls.map((call) => toolCard(call, { onResult: is_answered() ? null : take(call) }));
  element.replaceChildren(make("div", { class: "tool-cards" }, cards), calls.length > 1 && !is_answered() ? make("div", { class: "row" }, go_on) : "");
}
