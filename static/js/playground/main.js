// The Playground. What belongs together is made here; the rest knows only what it is given.
import { Blind } from "playground/blind";
import { Composer } from "playground/composer";
import { Conversation } from "playground/conversation";
import { by_id } from "playground/dom";
import { Events } from "playground/events";
import { Finish } from "playground/finish";
import { money, nano } from "playground/figures";
import { get } from "playground/http";
import { listen_to_keys } from "playground/keys";
import { Panes } from "playground/panes";
import { Picker } from "playground/picker";
import { Saving } from "playground/saving";
import { complete, with_models } from "playground/settings";
import { Sidebar } from "playground/sidebar";
import { Line } from "playground/socket";
import { Store } from "playground/store";
import { Toolbar } from "playground/toolbar";
import { announce, toast } from "toast";

const bootstrap = JSON.parse(by_id("bootstrap").textContent);
const store = new Store(bootstrap);
const on_problem = (error) => toast(error.message ?? error, "error");

// --- What the address says

const asked = new URLSearchParams(location.search);
const asked_models = [asked.get("models") ?? "", asked.get("model") ?? ""].join(",").split(",").map((id) => id.trim()).filter(Boolean).slice(0, bootstrap.limits.panes);

function first_settings() {
  if (asked_models.length) return with_models(asked_models);
  const kept = complete(bootstrap.preferences.settings ?? {});
  return kept.panes.length ? kept : with_models(bootstrap.default_models);
}

store.clear(first_settings());

// Of what is opened now and then, the script comes when it is.
function later(load) {
  let made = null;
  return () => (made ??= load().catch((error) => {
    made = null;
    on_problem(error);
    throw error;
  }));
}

// --- What is made once

const line = new Line({
  on_event: (event) => events.take(event),
  on_state: (state, which) => toolbar.show_connection(state, which),
  resume: (waiting) => conversation.resume(waiting),
});
const saving = new Saving(store, { on_problem });
const conversation = new Conversation(store, line, saving);
const events = new Events(store, conversation);
const picker = new Picker(store, { on_problem });
const blind = new Blind(store);

const actions = {
  name_of: (pane) => (blind.is_hidden && store.panes.includes(pane) ? blind.name_of(pane) : store.name_of(pane.model)),
  is_blind: () => blind.is_hidden,
  toggle_blind: () => blind.toggle(),
  pick: (choose, title) => picker.open(choose, title),
  add_model() {
    if (store.panes.length >= store.limits.panes) return announce(`No more than ${store.limits.panes} panes fit`);
    picker.open((model) => {
      store.add_pane(model);
      panes.go(store.active);
    }, "Add a model");
  },
  duplicate: (pane) => store.add_pane(pane.model, { ...pane, leaf: null }, pane.id),
  remove(pane) {
    const at = store.panes.indexOf(pane);
    conversation.stop(store.running(pane.id));
    store.remove_pane(pane.id);
    // What was said in it is still there, and so is the way back.
    toast(`${store.name_of(pane.model)} was removed.`, "info", {
      text: "Undo",
      run: () => {
        if (store.panes.length >= store.limits.panes || store.pane(pane.id)) return;
        store.panes.splice(at, 0, pane);
        store.emit("panes");
      },
    });
  },
  parameters: async (pane) => (await parameters()).open(pane),
  code: async (pane) => (await code()).open(pane),
  edit_last: () => panes.active_question()?.edit(),
  share: async () => (await import("playground/share")).share(store),
  async tools() {
    const { openToolsEditor } = await import("playground/tools");
    const tools = await openToolsEditor(store.settings.tools);
    if (tools) store.change({ tools });
  },
  toggle_temporary() {
    if (store.has_messages) return;
    store.is_temporary = !store.is_temporary;
    store.emit("settings");
    announce(store.is_temporary ? "Nothing of this chat will be stored" : "This chat will be stored");
  },
  new_chat() {
    store.start_new();
    store.is_temporary = false;
    history.pushState({}, "", bootstrap.urls.playground);
    store.emit("settings");
    composer.focus();
  },
  async open_chat(id, pushes = true) {
    try {
      const { chat, messages } = await get(`/playground/chats/${id}`);
      store.open(chat, messages);
      if (pushes) history.pushState({}, "", address_of(id));
      take_up();
    } catch (error) {
      on_problem(error);
    }
  },
  show_balance(dollars) {
    const pill = document.querySelector(".top .balance");
    if (pill?.lastChild) pill.lastChild.textContent = ` ${money(nano(dollars))}`;
  },
};

const context = { store, line, conversation, actions };
const panes = new Panes(context);
const composer = new Composer(context);
const toolbar = new Toolbar(context);
const parameters = later(async () => new (await import("playground/parameters")).Parameters(store, actions));
const code = later(async () => new (await import("playground/code")).Code(store, conversation, { draft: () => composer.content() }));
new Sidebar(context);
new Finish(store, actions);
listen_to_keys({ store, conversation, actions, panes });

// --- What happens from outside

const address_of = (id) => bootstrap.urls.chat.replace("-id-", id);

// Runs that go on at the server are heard from where their text ends.
function take_up() {
  for (const command of conversation.resume([])) line.send(command);
}

store.on("saved", (chat) => history.replaceState({}, "", address_of(chat.id)));
store.on("problem", on_problem);
addEventListener("popstate", () => {
  const id = location.pathname.split("/c/")[1];
  if (id) actions.open_chat(id, false);
  else store.start_new();
});

async function read_models() {
  for (const model of await get("/playground/models.json")) store.models.set(model.id, model);
  store.emit("models");
}

if (bootstrap.chat) store.open(bootstrap.chat.chat, bootstrap.chat.messages);
else panes.show();
if (asked.get("q")) composer.fill(asked.get("q"));
await read_models().catch(on_problem);
line.open();
by_id("play").setAttribute("data-ready", "");
if (matchMedia("(pointer: fine)").matches) composer.focus();
import("playground/images").then(({ Pictures }) => composer.use_pictures(Pictures)).catch(on_problem);
