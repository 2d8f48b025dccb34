// All that the page knows, in memory: who asks, the chat, its settings and its messages. Whoever
// shows something listens; nothing here touches the document.
import { deepest, newest_leaf, path, siblings } from "playground/branches";
import { nano } from "playground/figures";
import { is_running, kept } from "playground/runs";
import { complete, complete_for, new_pane, without_history } from "playground/settings";

export class Store {
  constructor(bootstrap) {
    Object.assign(this, bootstrap);
    this.models = new Map();
    this.account = bootstrap.user.id;
    this.listeners = new Map();
    this.active = null;
    this.clear(complete({}));
  }

  on(names, listener) {
    for (const name of names.split(" ")) {
      if (!this.listeners.has(name)) this.listeners.set(name, new Set());
      this.listeners.get(name).add(listener);
    }
  }

  emit(name, detail) {
    for (const listener of this.listeners.get(name) ?? []) listener(detail);
  }

  // Another chat, or a new one.
  clear(settings, chat = null) {
    this.settings = settings;
    this.chat = chat;
    this.is_temporary = false;
    this.messages = new Map();
    this.sent_to = new Set();
    this.estimate = null;
    this.active = settings.panes[0]?.id ?? null;
  }

  open(chat, messages) {
    this.clear(complete_for(messages, chat.settings), { id: chat.id, title: chat.title });
    for (const message of messages) this.messages.set(message.id, kept(message));
    this.emit("chat");
  }

  start_new(settings = without_history(this.settings)) {
    const was_temporary = this.is_temporary;
    this.clear(complete(settings));
    this.is_temporary = was_temporary;
    this.emit("chat");
  }

  // --- Panes

  get panes() {
    return this.settings.panes;
  }

  pane(id) {
    return this.panes.find((pane) => pane.id === id);
  }

  model(id) {
    return this.models.get(id);
  }

  name_of(id) {
    // "Anthropic: Claude 3 Haiku" is long where an avatar says whose it is.
    return (this.model(id)?.name ?? id ?? "").replace(/^[^:]+: /, "");
  }

  add_pane(model, like, after = null) {
    if (this.panes.length >= this.limits.panes) return null;
    const pane = new_pane(this.panes, model, like);
    const at = after ? this.panes.indexOf(this.pane(after)) + 1 : this.panes.length;
    this.panes.splice(at, 0, pane);
    this.active = pane.id;
    this.emit("panes");
    return pane;
  }

  remove_pane(id) {
    const at = this.panes.findIndex((pane) => pane.id === id);
    if (at < 0) return;
    this.panes.splice(at, 1);
    if (this.active === id) this.active = this.panes[Math.max(0, at - 1)]?.id ?? null;
    this.emit("panes");
  }

  move_pane(id, step) {
    const at = this.panes.findIndex((pane) => pane.id === id);
    const to = at + step;
    if (at < 0 || to < 0 || to >= this.panes.length) return;
    this.panes.splice(to, 0, ...this.panes.splice(at, 1));
    this.emit("panes");
  }

  change_pane(id, changes) {
    Object.assign(this.pane(id), changes);
    this.emit("pane", id);
  }

  change(changes) {
    Object.assign(this.settings, changes);
    this.emit("settings");
  }

  activate(id) {
    if (this.active === id || !this.pane(id)) return;
    this.active = id;
    this.emit("active", id);
  }

  // --- Messages

  message(id) {
    return this.messages.get(id);
  }

  path(pane) {
    if (!pane) return [];
    // What was kept may be older than what came below it since.
    const kept = this.messages.get(pane.leaf);
    const leaf = kept ? deepest(this.messages, kept).id : newest_leaf(this.messages, pane.id);
    return path(this.messages, leaf);
  }

  last(pane) {
    return this.path(pane).at(-1) ?? null;
  }

  answer_of(pane) {
    return this.path(pane).findLast((message) => message.role === "assistant") ?? null;
  }

  siblings(message) {
    return siblings(this.messages, message);
  }

  add(messages) {
    for (const message of messages) {
      this.messages.set(message.id, message);
      const pane = this.pane(message.pane);
      if (pane) pane.leaf = message.id;
    }
    this.emit("path", messages.at(-1)?.pane);
    this.emit("runs");
  }

  show_branch(message) {
    this.change_pane(message.pane, { leaf: deepest(this.messages, message).id });
    this.emit("path", message.pane);
  }

  running(pane_id = null) {
    return [...this.messages.values()].filter((each) => is_running(each) && (!pane_id || each.pane === pane_id));
  }

  is_busy(pane) {
    const last = this.last(pane);
    return Boolean(last && is_running(last));
  }

  get has_messages() {
    return this.messages.size > 0;
  }

  // What all answers of this chat cost, those of other branches too.
  get cost_nano() {
    let sum = 0;
    for (const message of this.messages.values()) sum += nano(message.cost) ?? 0;
    return sum;
  }
}
