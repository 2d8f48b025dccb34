// What can be set in a request (docs/parameters.md), as fields of a sheet. `read(text)` gives the value
// for the body, undefined for none, and throws what is wrong with the text.
const number = (min, max, is_whole = false) => (text) => {
  if (!text.trim()) return undefined;
  const value = Number(text);
  const fits = Number.isFinite(value) && value >= min && value <= max && (!is_whole || Number.isInteger(value));
  if (!fits) throw new Error(`A ${is_whole ? "whole number" : "number"} from ${min} to ${max}.`);
  return value;
};

const whole = (min, max) => number(min, max, true);

const lines = (most) => (text) => {
  const found = text.split("\n").filter((line) => line !== "");
  if (found.length > most) throw new Error(`At most ${most} lines.`);
  return found.length ? found : undefined;
};

const json = (check) => (text) => {
  if (!text.trim()) return undefined;
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${error.message}.`);
  }
  const wrong = check(value);
  if (wrong) throw new Error(wrong);
  return value;
};

const is_object = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

const biases = json((value) => {
  if (!is_object(value)) return 'An object such as {"50256": -100}.';
  const fine = Object.entries(value).every(([token, bias]) => /^\d{1,10}$/.test(token) && typeof bias === "number" && Math.abs(bias) <= 100);
  return fine ? "" : "Token ids as keys, numbers from -100 to 100 as values.";
});

const format = json((value) => (is_object(value) && typeof value.type === "string" ? "" : 'An object such as {"type": "json_object"}.'));

const BIG = 2 ** 31 - 1;

const field = (name, label, help, read, more = {}) => ({ name, label, help, read, kind: "number", ...more });

export const SAMPLING = [
  field("temperature", "Temperature", "0 to 2. How varied answers are; 0 is the most predictable.", number(0, 2), { usual: "1", step: "0.1" }),
  field("top_p", "Top P", "Above 0, to 1. Only the likeliest tokens that together reach this share.", number(0, 1), { usual: "1", step: "0.05" }),
  field("top_k", "Top K", "Only so many of the likeliest tokens; 0 is all.", whole(0, BIG), { usual: "0", step: "1" }),
  field("min_p", "Min P", "0 to 1. No token less likely than this share of the likeliest.", number(0, 1), { usual: "0", step: "0.01" }),
  field("top_a", "Top A", "0 to 1. As Min P, by the square of the likeliest.", number(0, 1), { usual: "0", step: "0.01" }),
  field("frequency_penalty", "Frequency penalty", "-2 to 2. Against tokens the more often they came already.", number(-2, 2), { usual: "0", step: "0.1" }),
  field("presence_penalty", "Presence penalty", "-2 to 2. Against tokens that came already, however often.", number(-2, 2), { usual: "0", step: "0.1" }),
  field("repetition_penalty", "Repetition penalty", "Above 0, to 2. Against repeating the prompt's tokens.", number(0, 2), { usual: "1", step: "0.05" }),
  field("seed", "Seed", "The same request gives the same answer, as far as possible.", whole(-BIG, BIG), { usual: "none", step: "1" }),
];

export const OUTPUT = [
  field("max_tokens", "Max tokens", "The longest answer, and the most that it can cost.", whole(1, BIG), { usual: "the model's", step: "1" }),
  field("stop", "Stop", "One text a line: the answer ends where one of them would come.", lines(16), { kind: "lines" }),
  field("response_format", "Response format", 'As JSON: {"type": "json_schema", "json_schema": {…}}. For any JSON, the switch above is enough.', format, { kind: "json" }),
  field("logit_bias", "Logit bias", 'As JSON: {"50256": -100}. Makes single tokens, by id, more or less likely.', biases, { kind: "json" }),
  field("logprobs", "Log probabilities", "Answers tell how likely each token was.", (text) => (text === "true" ? true : undefined), { kind: "choice", choices: [["", "Off"], ["true", "On"]] }),
  field("top_logprobs", "Top log probabilities", "0 to 20. With log probabilities: so many of the likeliest at each place.", whole(0, 20), { usual: "none", step: "1" }),
];

const of_choices = (text) => text || undefined;

export const TOOLS = [
  field("tool_choice", "Tool choice", "Whether it may or must call a tool.", of_choices, { kind: "choice", choices: [["", "Auto"], ["none", "None"], ["required", "Required"]] }),
  field("parallel_tool_calls", "Parallel tool calls", "Whether it may ask for several calls at once.", (text) => (text === "false" ? false : undefined), { kind: "choice", choices: [["", "Yes"], ["false", "No"]] }),
];

export const media_fields = ({ steps_max, outputs_max }) => [
  field("num_inference_steps", "Steps", `1 to ${steps_max}. More are finer, slower and dearer.`, whole(1, steps_max), { usual: "32", step: "1" }),
  field("num_outputs", "Objects", `1 to ${outputs_max}.`, whole(1, outputs_max), { usual: "1", step: "1" }),
];

// As it is written in its field.
export function written(field, value) {
  if (value === undefined || value === null) return "";
  if (field.kind === "lines") return Array.isArray(value) ? value.join("\n") : String(value);
  return field.kind === "json" ? JSON.stringify(value, null, 2) : String(value);
}

// Why a model would not obey it, or nothing. Routers take what their candidates take.
export function unsupported(field, model) {
  if (!model || model.media || model.kind === "router") return "";
  const names = { parallel_tool_calls: "tools", top_logprobs: "logprobs" };
  const is_known = [field.name, names[field.name]].some((name) => model.parameters.includes(name));
  const name = model.name.replace(/^[^:]+: /, "");
  return is_known ? "" : `No provider of ${name} takes it.`;
}
