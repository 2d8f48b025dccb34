// An answer has ended: said once to screen readers, and where nobody looks, on the tab.
import { count, seconds } from "playground/figures";
import { announce } from "toast";

const TOGETHER_MS = 400;
const WORDS = { done: "finished", stopped: "stopped", failed: "failed", lost: "was lost" };

function sentence(message, name) {
  const { usage, duration_ms } = message.figures ?? {};
  const facts = [usage && `${count(usage.completion_tokens)} tokens`, duration_ms != null && seconds(duration_ms)].filter(Boolean);
  return [`${name} ${WORDS[message.state]}`, ...(message.state === "done" ? facts : [])].join(", ");
}

export class Finish {
  constructor(store, { name_of }) {
    this.store = store;
    this.waiting = [];
    this.unseen = 0;
    this.title = document.title;
    this.favicon = document.querySelector('link[rel="icon"]');
    this.icon = this.favicon?.href;
    store.on("ended", (message) => {
      this.waiting.push(sentence(message, name_of(store.pane(message.pane) ?? { model: message.model })));
      clearTimeout(this.timer);
      // Several that end at once are one message: a live region says only its last.
      this.timer = setTimeout(() => announce(`${this.waiting.splice(0).join(". ")}.`), TOGETHER_MS);
      if (document.hidden) this.mark(this.unseen + 1);
    });
    store.on("chat saved", () => this.show_title());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.mark(0); });
  }

  show_title() {
    const { chat } = this.store;
    const name = chat?.title ? `${chat.title} · ${this.title}` : this.title;
    document.title = this.unseen ? `(${this.unseen}) ${name}` : name;
  }

  mark(unseen) {
    if (unseen === this.unseen) return;
    this.unseen = unseen;
    this.show_title();
    if (!this.favicon) return;
    if (unseen) this.draw_badge();
    else this.favicon.href = this.icon;
  }

  // The site's own mark with a dot.
  async draw_badge() {
    const image = new Image();
    image.src = this.icon;
    try {
      await image.decode();
    } catch {
      return;
    }
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const draw = canvas.getContext("2d");
    draw.drawImage(image, 0, 0, 64, 64);
    draw.fillStyle = "#e14660";
    draw.beginPath();
    draw.arc(48, 16, 16, 0, 2 * Math.PI);
    draw.fill();
    if (this.unseen) this.favicon.href = canvas.toDataURL();
  }
}
