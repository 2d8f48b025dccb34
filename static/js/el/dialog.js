// Dialogs open by `command="show-modal" commandfor="id"`, which new browsers do by themselves.
// This does the same for the others, closes on a click beside the dialog, and opens what the
// server answered (data-open), so that a form with errors is seen again.
const knows_commands = "command" in HTMLButtonElement.prototype;

function by_command(event) {
  const button = event.target.closest("button[commandfor]");
  const dialog = button && document.getElementById(button.getAttribute("commandfor"));
  if (!(dialog instanceof HTMLDialogElement)) return;
  const command = button.getAttribute("command");
  if (command === "show-modal" && !dialog.open) dialog.showModal();
  if (command === "close") dialog.close();
}

// Only a press that began beside it: selecting text may end there too.
let pressed_on = null;
function beside(event) {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || pressed_on !== dialog) return;
  const box = dialog.getBoundingClientRect();
  const is_inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!is_inside && !dialog.hasAttribute("data-stays")) dialog.close();
}

function open_marked(root) {
  for (const dialog of root.querySelectorAll("dialog[data-open]:not([open])")) dialog.showModal();
}

if (!knows_commands) addEventListener("click", by_command);
addEventListener("pointerdown", (event) => { pressed_on = event.target; });
addEventListener("click", beside);
addEventListener("htmx:load", (event) => open_marked(event.target.parentElement ?? document));
open_marked(document);
