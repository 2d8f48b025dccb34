// Whether a text is a list of tools as the API takes them, and where it is not. The server checks the
// frame; models refuse bad parameters in words that help nobody, so those are checked here too.
const TOOLS_MAX = 128;
const DEPTH_MAX = 32;
const NAME = /^[\w.-]{1,64}$/;
const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"];
const LISTS = ["anyOf", "oneOf", "allOf"];

const is_object = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const shown = (value) => JSON.stringify(value)?.slice(0, 60) ?? "nothing";

export const EXAMPLE = [{
  type: "function",
  function: {
    name: "get_current_weather",
    description: "Get the current weather in a given location",
    parameters: {
      type: "object",
      properties: {
        location: { type: "string", description: "The city and state, e.g. San Francisco, CA" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
      },
      required: ["location"],
    },
  },
}];

// {tools, problems}: problems are sentences; without any, tools are as the API takes them.
export function read_tools(text) {
  if (!text.trim()) return { tools: [], problems: [] };
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { tools: null, problems: [syntax_problem(text, error)] };
  }
  const tools = Array.isArray(value) ? value.map(wrapped) : [wrapped(value)];
  const problems = [];
  check_list(tools, (where, words) => problems.push(where ? `${where} ${words}.` : `${words}.`));
  return { tools: problems.length ? null : tools, problems };
}

// A bare function, as documentation often shows it, is meant as a tool.
function wrapped(tool) {
  const is_bare = is_object(tool) && typeof tool.name === "string" && !("function" in tool);
  if (!is_bare) return tool;
  const { type: _type, ...bare } = tool;
  return { type: "function", function: bare };
}

// Browsers say the place in different words, or not at all.
function syntax_problem(text, error) {
  const message = error.message.replace(/^JSON\.parse: /, "").replace(/, (?:\.\.\.)?"[\s\S]*| in JSON at position.*| \(line.*| at line \d+ column.*/s, "");
  const line_said = /line (\d+)/.exec(error.message);
  const position = /position (\d+)/.exec(error.message);
  const line = line_said?.[1] ?? (position && text.slice(0, Number(position[1])).split("\n").length);
  return `${line ? `Line ${line}` : "This"} is not JSON: ${message}.`;
}

function check_list(tools, say) {
  if (tools.length > TOOLS_MAX) say("", `There are ${tools.length} tools; at most ${TOOLS_MAX} are taken`);
  const names = new Set();
  tools.slice(0, TOOLS_MAX).forEach((tool, at) => {
    const where = `tools[${at}]`;
    if (!is_object(tool) || tool.type !== "function" || !is_object(tool.function)) {
      return say(where, 'must be {"type": "function", "function": {"name": ...}}');
    }
    const { name } = tool.function;
    check_function(tool.function, `${where}.function`, say);
    if (names.has(name)) say(`${where}.function.name`, `is ${shown(name)} a second time; names must differ`);
    names.add(name);
  });
}

function check_function({ name, description, parameters, strict }, where, say) {
  if (typeof name !== "string" || !NAME.test(name)) say(`${where}.name`, `must be 1 to 64 letters, digits, "_", "-" or ".", and is ${shown(name)}`);
  if (description !== undefined && typeof description !== "string") say(`${where}.description`, "must be a string");
  if (strict !== undefined && typeof strict !== "boolean") say(`${where}.strict`, "must be true or false");
  if (parameters === undefined) return;
  if (!is_object(parameters)) return say(`${where}.parameters`, "must be a JSON Schema: an object");
  if (parameters.type !== "object" && !Object.hasOwn(parameters, "$ref")) say(`${where}.parameters.type`, `must be "object", since arguments have names, and is ${shown(parameters.type)}`);
  check_schema(parameters, `${where}.parameters`, say, 0);
}

function check_schema(schema, where, say, depth) {
  if (typeof schema === "boolean") return;
  if (!is_object(schema)) return say(where, "must be a JSON Schema: an object");
  if (depth > DEPTH_MAX) return say(where, `is more than ${DEPTH_MAX} levels deep`);
  check_type(schema, where, say);
  if (schema.enum !== undefined && !(Array.isArray(schema.enum) && schema.enum.length)) say(`${where}.enum`, "must be a list of at least one value");
  if (schema.type === "array" && schema.items === undefined && schema.prefixItems === undefined) say(where, 'is an array and needs "items" that say of what');
  if (schema.items !== undefined && !Array.isArray(schema.items)) check_schema(schema.items, `${where}.items`, say, depth + 1);
  for (const word of LISTS) {
    if (schema[word] === undefined) continue;
    if (!Array.isArray(schema[word])) say(`${where}.${word}`, "must be a list of schemas");
    else schema[word].forEach((one, at) => check_schema(one, `${where}.${word}[${at}]`, say, depth + 1));
  }
  check_properties(schema, where, say, depth);
}

function check_type({ type }, where, say) {
  if (type === undefined) return;
  for (const one of [type].flat()) {
    if (!TYPES.includes(one)) return say(`${where}.type`, `is ${shown(one)}; JSON Schema knows ${TYPES.join(", ")}`);
  }
}

function check_properties({ properties, required }, where, say, depth) {
  if (properties !== undefined && !is_object(properties)) return say(`${where}.properties`, "must be an object: a schema for each name");
  for (const [name, one] of Object.entries(properties ?? {})) check_schema(one, `${where}.properties.${name}`, say, depth + 1);
  if (required === undefined) return;
  if (!Array.isArray(required) || !required.every((name) => typeof name === "string")) return say(`${where}.required`, "must be a list of names");
  const missing = required.filter((name) => !Object.hasOwn(properties ?? {}, name));
  if (missing.length) say(`${where}.required`, `names ${missing.map(shown).join(", ")}, which properties do not have`);
}
