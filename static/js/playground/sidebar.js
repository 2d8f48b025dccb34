// The chats of the person: found by their words, renamed, deleted with a way back.
import { by_id, make, menu } from "playground/dom";
import { get, post } from "playground/http";
import { follow_retention } from "playground/retention";
import { relative } from "el/time";
import { toast } from "toast";

const WIDE = matchMedia("(min-width: 1100px)");
const KEY = "playground:chats";
const DAY_MS = 86_400_000;

const group_of = (moment, now = Date.now()) => {
  const today = new Date(now).setHours(0, 0, 0, 0);
  if (moment >= today) return "Today";
  if (moment >= today - DAY_MS) return "Yesterday";
  return moment >= today - 7 * DAY_MS ? "Previous 7 days" : "Older";
};

export class Sidebar {
  constructor(context) {
    const { store, actions } = context;
    Object.assign(this, { store, actions });
    this.dialog = by_id("chats");
    this.list = by_id("chats-list");
    this.search = by_id("chats-search");
    this.toggle = by_id("bar-chats");
    this.chats = [];
    this.toggle.addEventListener("click", () => this.switch());
    by_id("chats-new").addEventListener("click", () => {
      actions.new_chat();
      if (!WIDE.matches) this.close();
    });
    by_id("chats-close").addEventListener("click", () => this.close(true));
    this.dialog.addEventListener("close", () => this.show_toggle());
    this.search.addEventListener("input", () => this.load_later());
    this.more = by_id("chats-more");
    this.more.addEventListener("click", () => this.load(this.next));
    follow_retention(store.preferences);
    store.on("saved chats", () => this.load_later());
    store.on("chat", () => this.show());
    WIDE.addEventListener("change", () => this.close());
    if (WIDE.matches && this.is_wanted()) this.open();
    else this.show_toggle();
  }

  // Open where there is room, unless it was closed.
  is_wanted() {
    try {
      const kept = localStorage.getItem(KEY);
      if (kept) return kept === "open";
    } catch { /* As if nothing was kept. */ }
    return this.store.panes.length * 400 + 280 < innerWidth;
  }

  switch() {
    if (this.dialog.open) this.close(true);
    else this.open(true);
  }

  // Beside the panes where it is wide; a drawer above them where it is not.
  open(is_chosen = false) {
    if (WIDE.matches) this.dialog.setAttribute("open", "");
    else this.dialog.showModal();
    if (is_chosen) this.keep("open");
    this.show_toggle();
    this.load();
  }

  close(is_chosen = false) {
    if (!this.dialog.open) return;
    this.dialog.close();
    if (is_chosen) this.keep("closed");
    this.show_toggle();
  }

  keep(state) {
    if (!WIDE.matches) return;
    try { localStorage.setItem(KEY, state); } catch { /* For this page only. */ }
  }

  show_toggle() {
    this.toggle.setAttribute("aria-expanded", String(this.dialog.open));
    by_id("play").classList.toggle("has-chats", this.dialog.open && WIDE.matches);
  }

  load_later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { if (this.dialog.open) this.load(); }, 250);
  }

  async load(next = null) {
    const asked = this.asked = Symbol();
    const query = new URLSearchParams({ q: this.search.value.trim(), ...(next && { after: next }) });
    try {
      const found = await get(`/playground/chats?${query}`);
      if (asked !== this.asked) return; // Something else was asked for meanwhile.
      this.chats = next ? [...this.chats, ...found.chats] : found.chats;
      this.next = found.next ?? null;
      this.show();
    } catch (error) {
      if (asked !== this.asked || this.renaming) return;
      this.list.replaceChildren(make("p", { class: "small muted" }, `The chats could not be read. ${error.message}`));
    }
  }

  show() {
    if (this.renaming) return; // The new title is being typed; the list is shown after it.
    const parts = [];
    let group = "";
    for (const chat of this.chats) {
      const name = group_of(Date.parse(chat.updated_at));
      if (name !== group) {
        parts.push(make("h3", { class: "chats-group" }, name), make("ul"));
        group = name;
      }
      parts.at(-1).append(this.row(chat));
    }
    const none = this.search.value.trim() ? "No chat has these words." : "No chats yet. What you ask is kept here.";
    this.list.replaceChildren(...(parts.length ? parts : [make("p", { class: "small muted" }, none)]));
    this.more.hidden = !this.next;
  }

  row(chat) {
    const is_current = chat.id === this.store.chat?.id;
    const link = make("a", { class: "chats-link", href: `/playground/c/${chat.id}`, "aria-current": is_current ? "page" : null, title: chat.title }, make("span", { class: "clip" }, chat.title || "Without a title"));
    link.title = `${chat.title} · ${relative(new Date(chat.updated_at), new Date()) ?? new Date(chat.updated_at).toLocaleDateString()}`;
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      this.actions.open_chat(chat.id);
      if (!WIDE.matches) this.close();
    });
    const item = make("li", { class: "chats-row" });
    item.append(link, menu({
      label: `More of ${chat.title}`, icon: "ellipsis",
      items: () => [
        { text: "Rename", icon: "pencil", run: () => this.rename(chat, item) },
        { text: "Export Markdown", icon: "download", href: `/playground/chats/${chat.id}/export.md`, download: "" },
        { text: "Export JSON", icon: "code", href: `/playground/chats/${chat.id}/export.json`, download: "" },
        null,
        { text: "Delete", icon: "trash-2", danger: true, run: () => this.remove(chat) },
      ],
    }));
    return item;
  }

  rename(chat, item) {
    const input = make("input", { class: "input", value: chat.title, "aria-label": "New title", maxlength: "200" });
    let is_over = false;
    this.renaming = true;
    const end = async (keeps) => {
      if (is_over) return;
      is_over = true;
      const title = input.value.trim();
      if (keeps && title && title !== chat.title) {
        try {
          await post(`/playground/chats/${chat.id}`, { title });
          chat.title = title;
        } catch (error) {
          toast(error.message, "error");
        }
      }
      this.renaming = false;
      this.show();
    };
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") {
        // It would close the drawer as well.
        event.preventDefault();
        event.stopPropagation();
        end(false);
      }
    });
    input.addEventListener("blur", () => end(true));
    item.replaceChildren(input);
    input.select();
  }

  async remove(chat) {
    try {
      await post(`/playground/chats/${chat.id}/delete`);
    } catch (error) {
      return toast(error.message, "error");
    }
    this.chats = this.chats.filter((each) => each.id !== chat.id);
    if (this.store.chat?.id === chat.id) this.actions.new_chat();
    this.show();
    toast(`"${chat.title}" was deleted.`, "info", { text: "Undo", run: () => this.restore(chat) });
  }

  async restore(chat) {
    try {
      await post(`/playground/chats/${chat.id}/restore`);
      await this.load();
    } catch (error) {
      toast(error.message, "error");
    }
  }
}
