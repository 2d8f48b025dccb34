// A link that shows the chat as it is now, to whoever has it, until it is revoked.
import { by_id, make } from "playground/dom";
import { copy_button } from "playground/error_card";
import { post } from "playground/http";

export async function share(store) {
  const dialog = by_id("share");
  const body = by_id("share-body");
  const leaves = store.panes.map((pane) => store.last(pane)?.id).filter(Boolean);
  body.replaceChildren(make("p", { class: "muted" }, "Making the link…"));
  dialog.showModal();
  try {
    const found = await post(`/playground/chats/${store.chat.id}/shares`, { leaves });
    const address = new URL(found.url ?? `/s/${found.token}`, location.href).href;
    body.replaceChildren(
      make("p", {}, "Whoever has this link reads the chat as it is now, with its models and without its costs. What is asked later is not in it."),
      make("div", { class: "copy-field mt" }, make("span", { class: "id" }, address), copy_button(address, "link")),
      make("p", { class: "mt small" }, make("a", { href: store.urls.shared || "/playground/shared" }, "All links of yours, to revoke them")),
    );
  } catch (error) {
    body.replaceChildren(make("p", { class: "bad" }, error.message));
  }
}
