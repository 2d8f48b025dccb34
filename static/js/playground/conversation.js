// What one does in a chat: ask, ask again, edit, continue, stop. Each shows at once and then is a
// command to the server.
import { path, text_of } from "playground/branches";
import { chat_body, objects_body } from "playground/body";
import { id } from "playground/ids";
import { new_run, refuse } from "playground/runs";

export class Conversation {
  constructor(store, line, saving) {
    Object.assign(this, { store, line, saving });
  }

  is_media(model) {
    return Boolean(this.store.model(model)?.media);
  }

  body(pane, { content = null, model = pane.model, parent = undefined } = {}) {
    const { store } = this;
    const history = parent === undefined ? store.path(pane) : path(store.messages, parent);
    if (this.is_media(model)) return objects_body({ ...pane, model }, text_of(content ?? history.at(-1)?.message.content ?? ""));
    const sees = store.model(model)?.input.includes("image") ?? true;
    return chat_body(store.settings, pane, history, { content, model, sees });
  }

  // The same question to several panes; those that still answer are left out, and told.
  async ask(panes, content) {
    const { store } = this;
    const free = panes.filter((pane) => !store.is_busy(pane));
    store.sent_to = new Set(free.map((pane) => pane.id));
    const started = free.map((pane) => this.begin(pane, { parent: store.last(pane)?.id ?? null, content }));
    await this.send(started, text_of(content));
    return free;
  }

  // Puts question and answer on the page; gives what is to be sent.
  begin(pane, { parent, content = null, model = pane.model, questions = null }) {
    const { store } = this;
    const body = this.body(pane, { content, model, parent });
    const asked = questions ?? (content === null ? [] : [{ id: id("msg"), role: "user", message: { content } }]);
    const rows = [];
    for (const question of asked) {
      rows.push({
        id: question.id, parent: rows.at(-1)?.id ?? parent, pane: pane.id, role: question.role, state: "done",
        sequence: 0, message: question.message, cost: null, figures: {}, created_at: new Date().toISOString(),
      });
    }
    const run = new_run({ id: id("msg"), parent: rows.at(-1)?.id ?? parent, pane: pane.id, model });
    store.add([...rows, run]);
    return { run, parent, body: questions ? this.body(pane, { model, parent: run.parent }) : body, rows, model };
  }

  async send(started, title) {
    let chat;
    try {
      chat = await this.saving.chat_for(title);
    } catch (error) {
      for (const { run } of started) this.refused(run, `The chat could not be kept: ${error.message}`);
      return;
    }
    for (const one of started) this.start(one, chat);
  }

  start({ run, parent, body, rows, model }, chat) {
    const command = {
      type: this.is_media(model) ? "objects.start" : "run.start", run: run.id, chat, pane: run.pane, parent, body,
      question: null, account: this.store.account,
    };
    const questions = rows.map((row) => ({ id: row.id, role: row.role, ...row.message }));
    if (questions.length === 1) command.question = questions[0];
    else if (questions.length) command.questions = questions;
    if (rows[0]) command.role = rows[0].role;
    // Its last message is the beginning of the answer, and not one that is continued.
    command.prefill = body.messages?.at(-1)?.role === "assistant" && path(this.store.messages, run.parent).at(-1)?.role !== "assistant";
    // Until the server says that it has it, it is sent again with each new connection.
    if (run.live) run.live.command = command;
    this.line.send(command);
  }

  refused(run, text) {
    refuse(run, text);
    this.store.emit("message", run);
    this.store.emit("ended", run);
    this.store.emit("runs");
  }

  // The same question once more, of the same or another model.
  regenerate(answer, model = null) {
    const pane = this.store.pane(answer.pane);
    const begun = this.begin(pane, { parent: answer.parent ?? null, model: model ?? answer.asked ?? pane.model });
    return this.send([begun], "");
  }

  continue(answer) {
    return this.send([this.begin(this.store.pane(answer.pane), { parent: answer.id })], "");
  }

  // A changed question is a branch beside the old one, here or wherever it was asked.
  edit(question, text, everywhere = false) {
    const { store } = this;
    const same = everywhere ? this.same_elsewhere(question) : [];
    const content = typeof question.message.content === "string" ? text : question.message.content
      .filter((part) => part.type !== "text").concat({ type: "text", text });
    const started = [question, ...same]
      .filter((each) => !store.is_busy(store.pane(each.pane)))
      .map((each) => this.begin(store.pane(each.pane), { parent: each.parent ?? null, content }));
    return this.send(started, text);
  }

  same_elsewhere(question) {
    const { store } = this;
    const text = text_of(question.message.content);
    return store.panes
      .filter((pane) => pane.id !== question.pane)
      .map((pane) => store.path(pane).findLast((each) => each.role === "user" && text_of(each.message.content) === text))
      .filter(Boolean);
  }

  // Results of the calls of an answer, each {tool_call_id, content}.
  give_results(answer, results) {
    const questions = results.map((message) => ({ id: id("msg"), role: "tool", message }));
    return this.send([this.begin(this.store.pane(answer.pane), { parent: answer.id, questions })], "");
  }

  stop(runs = null) {
    const found = runs ?? this.store.running();
    if (!found.length) return;
    for (const run of found) if (run.live) run.live.is_stopping = true;
    this.line.send({ type: "run.stop", runs: found.map((run) => run.id) });
    for (const run of found) this.store.emit("message", run);
  }

  // What a new connection must be told: runs under way. `waiting`: commands that will follow.
  resume(waiting) {
    const follows = new Set(waiting.map((command) => command.run));
    return this.store.running().filter((run) => !follows.has(run.id)).map((run) => {
      const { command, is_accepted } = run.live ?? {};
      return command && !is_accepted ? command : { type: "resume", run: run.id, after: run.sequence };
    });
  }
}
