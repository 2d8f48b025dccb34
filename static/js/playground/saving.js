// The chat at the server: made with its first question, and its settings whenever they changed.
import { post } from "playground/http";
import { id } from "playground/ids";
import { without_history } from "playground/settings";

const LATER_MS = 800;
const TITLE_CHARACTERS_MAX = 80;

export class Saving {
  constructor(store, { on_problem }) {
    this.store = store;
    this.on_problem = on_problem;
    store.on("panes pane settings path", () => this.later());
    addEventListener("pagehide", () => { if (this.timer) this.now(); });
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), LATER_MS);
  }

  now() {
    clearTimeout(this.timer);
    this.timer = null;
    const { store } = this;
    const settings = structuredClone(store.settings);
    const kept = [this.keep_preferences(settings)];
    if (store.chat && !store.is_temporary) kept.push(this.keep_chat(store.chat.id, settings));
    return Promise.all(kept).catch((error) => this.on_problem(error));
  }

  keep_chat(chat, settings) {
    const text = JSON.stringify(settings);
    if (text === this.last_kept) return null;
    this.last_kept = text;
    return post(`/playground/chats/${chat}`, { settings });
  }

  // The next new chat begins with the same panes.
  keep_preferences(settings) {
    const next = without_history(settings);
    const text = JSON.stringify(next);
    if (text === this.last_preferences || this.store.is_temporary) return null;
    this.last_preferences = text;
    return post("/playground/preferences", { settings: next });
  }

  // The chat that answers belong to, made if need be; null of a temporary one. Two questions at
  // once make one chat.
  async chat_for(title) {
    const { store } = this;
    if (store.is_temporary) return null;
    if (store.chat) return store.chat.id;
    this.making ??= this.make(title).finally(() => { this.making = null; });
    return this.making;
  }

  async make(title) {
    const { store } = this;
    const chat = { id: id("chat"), title: title.trim().replace(/\s+/g, " ").slice(0, TITLE_CHARACTERS_MAX) || "New chat" };
    await post("/playground/chats", { ...chat, settings: store.settings });
    store.chat = chat;
    store.emit("saved", chat);
    return chat.id;
  }
}
