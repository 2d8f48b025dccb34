// <x-time><time datetime="...">: "5 min ago" stays true while the page is open.
const STEPS = [[60, 1, ""], [3600, 60, "min"], [86400, 3600, "h"], [30 * 86400, 86400, "d"]];

export function relative(moment, now) {
  const seconds = Math.trunc((now - moment) / 1000);
  const size = Math.abs(seconds);
  const step = STEPS.find(([below]) => size < below);
  if (!step) return null;
  const [, unit, name] = step;
  if (!name) return seconds >= 0 ? "just now" : "in a moment";
  const text = `${Math.floor(size / unit)} ${name}`;
  return seconds >= 0 ? `${text} ago` : `in ${text}`;
}

class Time extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.tell(), 30000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  tell() {
    const time = this.querySelector("time");
    const text = time && relative(new Date(time.dateTime), new Date());
    if (text) time.textContent = text;
  }
}
customElements.define("x-time", Time);
