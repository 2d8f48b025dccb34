// Keys of the page (design ui 1.15). Single letters are for when nothing is written, and are off
// with all others (WCAG 2.1.4); Ctrl+R and Ctrl+Shift+C stay the browser's.
const writes = (element) => element.closest?.("input, textarea, select, [contenteditable]");

export function listen_to_keys({ store, conversation, actions, panes }) {
  const letters = {
    n: () => actions.new_chat(),
    m: () => actions.add_model(),
    c: () => panes.active_answer()?.copy(),
    r: () => regenerate(),
    "[": () => step(-1),
    "]": () => step(1),
  };

  function regenerate() {
    const view = panes.active_answer();
    if (view && view.message.state !== "running") conversation.regenerate(view.message, view.message.asked ?? view.message.model);
  }

  // Among the branches of the last answer, or of the question before it.
  function step(by) {
    for (const view of [panes.active_answer(), panes.active_question()]) {
      if (!view) continue;
      const all = store.siblings(view.message);
      const to = all[all.findIndex((each) => each.id === view.message.id) + by];
      if (to) return store.show_branch(to);
    }
  }

  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    // Whatever is open closes first.
    if (document.querySelector("dialog:modal")) return;
    if (event.key === "Escape" && !document.querySelector("x-menu details[open]")) {
      conversation.stop();
      return;
    }
    const is_ours = document.documentElement.dataset.keys !== "off";
    if (!is_ours || event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
    const act = /^[1-6]$/.test(event.key) ? () => panes.focus(Number(event.key) - 1) : letters[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
