import { text_of } from "playground/branches";

// The body of POST /api/v1/chat/completions for a pane: what is sent is what "View code" shows.
const UNSEEN = "(An image that you cannot see.)";

const as_said = (message, sees) => {
  const { tool_calls, tool_call_id } = message.message;
  const content = sees ? message.message.content : text_of(message.message.content) || (message.role === "user" ? UNSEEN : "");
  if (message.role === "tool") return { role: "tool", tool_call_id, content };
  if (message.role === "user") return { role: "user", content };
  const said = { role: "assistant", content: content || (tool_calls?.length ? null : "") };
  if (tool_calls?.length) said.tool_calls = tool_calls;
  return said;
};

// An answer of which nothing came would only confuse who reads it.
const was_said = (message) =>
  message.role !== "assistant" || Boolean(message.message.content) || Boolean(message.message.tool_calls?.length);

// An answer that was continued is one.
function joined(messages) {
  const found = [];
  for (const message of messages) {
    const last = found.at(-1);
    const goes_on = last?.role === "assistant" && message.role === "assistant" && !last.tool_calls;
    if (goes_on) found[found.length - 1] = { ...last, ...message, content: (last.content ?? "") + (message.content ?? "") };
    else found.push(message);
  }
  return found;
}

// `history`: messages of the tree, from the root on; `content`: asked now. A model that `sees` no
// pictures would refuse them: it gets the words alone, and of a question without words it is told.
export function chat_body(settings, pane, history, { content = null, model = pane.model, sees = true } = {}) {
  const system = pane.system ?? settings.system;
  const asked = content === null ? [] : [{ role: "user", message: { content } }];
  const is_continued = !asked.length && history.at(-1)?.role === "assistant";
  const messages = joined([...history.filter(was_said), ...asked].map((message) => as_said(message, sees)));
  if (system) messages.unshift({ role: "system", content: system });
  if (pane.prefill && !is_continued) messages.push({ role: "assistant", content: pane.prefill });
  const body = { model, messages, stream: true, ...pane.parameters };
  if (pane.models.length) body.models = pane.models;
  if (pane.json && !body.response_format) body.response_format = { type: "json_object" };
  if (settings.tools?.length) body.tools = settings.tools;
  else for (const name of ["tool_choice", "parallel_tool_calls"]) delete body[name];
  if (pane.transforms !== null) body.transforms = pane.transforms;
  if (Object.keys(pane.provider).length) body.provider = pane.provider;
  return body;
}

export const STEPS = 32;

export function objects_body(pane, prompt) {
  const { num_inference_steps = STEPS, num_outputs = 1 } = pane.parameters;
  return { model: pane.model, prompt, num_inference_steps, num_outputs };
}
