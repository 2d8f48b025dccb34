// How long chats are kept that nobody uses; a server's worker deletes them at night.
import { by_id, make } from "playground/dom";
import { post } from "playground/http";
import { toast } from "toast";

export function follow_retention(preferences) {
  const select = by_id("chats-days");
  const show = () => { select.value = String(preferences.chat_days); };
  show();
  if (!select.value) {
    // Another number, set by a program.
    select.append(make("option", { value: String(preferences.chat_days) }, `${preferences.chat_days} days`));
    show();
  }
  select.addEventListener("change", async () => {
    const chat_days = Number(select.value);
    try {
      await post("/playground/preferences", { chat_days });
      preferences.chat_days = chat_days;
      toast(chat_days ? `Chats that nobody used for ${chat_days} days are deleted at night.` : "Chats are kept.");
    } catch (error) {
      show();
      toast(`That was not kept. ${error.message}`, "error");
    }
  });
}
