// What the server says becomes what the store knows.
import { apply, ENDED, kept, new_run } from "playground/runs";

export class Events {
  constructor(store, conversation) {
    Object.assign(this, { store, conversation });
  }

  take(event) {
    if (event.type === "estimate") this.store.emit("estimate", event);
    else if (event.type === "error") this.error(event);
    else if (event.type === "chat.changed") this.store.emit("chats", event);
    else if (event.type.startsWith("run.")) this.run(event);
  }

  run(event) {
    const { store } = this;
    const message = store.message(event.run) ?? this.of_another_tab(event);
    if (!message) return;
    const before = message.message.content.length;
    const was = message.live?.status;
    if (!apply(message, event)) return;
    if (event.type === "run.delta") store.emit("delta", { message, text: message.message.content.slice(before) });
    if (event.type === "run.snapshot") store.emit("replaced", message);
    // A piece of text alone changes nothing but the text.
    if (event.type !== "run.delta" || was !== message.live?.status) store.emit("message", message);
    if (ENDED.has(message.state)) {
      store.emit("ended", message);
      store.emit("runs");
    }
  }

  // Somebody asks the same chat in another tab: his question and answer are shown here too.
  of_another_tab(event) {
    const { store } = this;
    const is_ours = event.type === "run.accepted" && event.chat && event.chat === store.chat?.id;
    if (!is_ours || !store.pane(event.pane)) return null;
    const rows = [];
    for (const question of event.questions ?? []) {
      if (store.message(question.id)) continue;
      const { id, role = "user", ...message } = question;
      rows.push(kept({
        id, role, message, parent: rows.at(-1)?.id ?? event.parent ?? null, pane: event.pane, state: "done",
        sequence: 0, cost: null, created_at: new Date().toISOString(),
      }));
    }
    const last = event.questions?.at(-1)?.id ?? event.parent ?? null;
    const run = new_run({ id: event.run, parent: last, pane: event.pane, model: event.model ?? store.pane(event.pane).model });
    store.add([...rows, run]);
    this.conversation.line.send({ type: "resume", run: run.id, after: 0 });
    return run;
  }

  error(event) {
    const { store } = this;
    const message = event.run && store.message(event.run);
    if (message && message.state === "running" && /\.start$|^resume$/.test(event.about ?? "")) {
      this.conversation.refused(message, event.message);
    } else if (event.about !== "estimate") store.emit("problem", event.message);
  }
}
