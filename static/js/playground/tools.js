// The tools of a chat, and the calls a model makes of them: here a person plays the tool.
import { CodeBlock } from "playground/codeblock";
import { EXAMPLE, read_tools } from "playground/tool_schema";
import { icon, make } from "make";

const PROBLEMS_SHOWN_MAX = 6;
let serial = 0;

const pretty = (value) => JSON.stringify(value, null, 2);

// Arguments are a text that should be JSON; while it is written, and sometimes after, it is not.
function pretty_arguments(text) {
  try {
    return pretty(JSON.parse(text));
  } catch {
    return text;
  }
}

function button(text, variant, onclick) {
  return make("button", { class: `button ${variant}`, type: "button", onclick }, text);
}

// Opens the editor; the list of tools when they were saved, null when nothing is to change.
export function openToolsEditor(tools) {
  const id = `tools-${(serial += 1)}`;
  const area = make("textarea", { class: "input", id: `${id}-text`, spellcheck: "false", rows: "18", "aria-describedby": `${id}-problems` });
  const problems = make("div", { class: "tools-problems", id: `${id}-problems`, role: "status" });
  area.value = tools?.length ? pretty(tools) : "";
  let saved = null;
  const save = () => {
    const read = read_tools(area.value);
    show_problems(area, problems, read);
    if (!read.tools) return area.focus();
    saved = read.tools;
    dialog.close();
  };
  const insert = () => {
    const { tools: now } = read_tools(area.value);
    area.value = pretty([...(now ?? []), ...EXAMPLE]);
    show_problems(area, problems, read_tools(area.value));
    area.focus();
  };
  const dialog = editor_dialog(id, area, problems, { save, insert });
  area.addEventListener("input", () => show_problems(area, problems, read_tools(area.value)));
  document.body.append(dialog);
  dialog.showModal();
  area.focus();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(saved);
    });
  });
}

function editor_dialog(id, area, problems, { save, insert }) {
  const dialog = make(
    // A click beside it must not lose what was written.
    "dialog", { class: "dialog tools-dialog", "aria-labelledby": `${id}-title`, "data-stays": true },
    make(
      "div", { class: "dialog-head" }, make("h2", { id: `${id}-title` }, "Tools"),
      make("button", { class: "button button-ghost button-sm button-icon", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("x")),
    ),
    make(
      "div", { class: "dialog-body field" },
      make("label", { class: "field-label", for: area.id }, "Functions that models may call, as JSON"), area, problems,
    ),
    make(
      "div", { class: "dialog-foot" }, button("Add an example", "button-ghost", insert),
      button("Cancel", "", () => dialog.close()), button("Save tools", "button-primary", save),
    ),
  );
  return dialog;
}

function show_problems(area, list, { tools, problems }) {
  area.setAttribute("aria-invalid", String(problems.length > 0));
  const lines = problems.slice(0, PROBLEMS_SHOWN_MAX).map((words) => make("p", {}, words));
  const more = problems.length - lines.length;
  if (more > 0) lines.push(make("p", {}, `And ${more} more.`));
  const names = tools?.map((tool) => tool.function.name).join(", ");
  list.replaceChildren(...lines, ...(names ? [make("p", { class: "tools-fine" }, `Fine: ${names}`)] : []));
}

// A call of a tool: {id, name, arguments} or as the API has it. It opens by Enter, Space or a click. With
// `onResult` one can type what the tool would say; onResult(text) gets it.
export function toolCard(call, { onResult = null } = {}) {
  const arguments_block = new CodeBlock("json");
  const name = make("span", { class: "tool-name" });
  const hint = make("span", { class: "tool-hint" });
  const body = make("div", { class: "tool-body" }, arguments_block.element);
  const card = make("details", { class: "tool-card" }, make("summary", {}, icon("wrench", "sm"), name, hint, icon("chevron-down", "sm")), body);
  // While it streams: the same call with more of its arguments.
  card.update = (now) => {
    const asked = now.function ?? now;
    name.textContent = asked.name;
    hint.textContent = (asked.arguments ?? "").replace(/\s+/g, " ");
    arguments_block.grow(pretty_arguments(asked.arguments ?? ""));
  };
  card.update(call);
  if (onResult) body.append(result_form(card, call, onResult));
  return card;
}

function result_form(card, call, onResult) {
  const id = `tool-result-${(serial += 1)}`;
  const area = make("textarea", { class: "input", id, rows: "3", spellcheck: "false" });
  const note = make("span", { class: "field-help", role: "status" });
  const give = () => {
    if (!area.value.trim()) {
      note.textContent = "Write what the tool says first.";
      return area.focus();
    }
    note.textContent = "Given to the model.";
    onResult(area.value);
  };
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    give();
  });
  const asked = (call.function ?? call).name;
  return make(
    "div", { class: "field" },
    make("label", { class: "field-label", for: id }, `Result of ${asked}`), area,
    make("div", { class: "tool-actions" }, button("Use this result", "button-sm button-primary", give), note),
  );
}
