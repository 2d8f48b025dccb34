// The line to the server: opens it again when it drops, later each time, and by the other way after
// three failures. What is said meanwhile waits; what was under way is taken up by its number.
import { SIGNED_OUT, by_events, by_socket } from "playground/transports";

const WAIT_MIN_MS = 500;
const WAIT_MAX_MS = 8000;
const FAILURES_MAX = 3;
const PING_MS = 25_000;
const SILENCE_MAX_MS = 60_000;
const SOCKETS_AGAIN_MS = 120_000;

export class Line {
  // `on_event(event)`; `on_state(state)` with connecting, open, waiting or signed-out; `resume()`
  // gives the commands that take up what was under way.
  constructor({ on_event, on_state, resume }) {
    Object.assign(this, { on_event, on_state, resume });
    this.state = "connecting";
    this.failures = 0;
    this.waiting = [];
    this.transport = null;
    this.is_fallback = false;
    setInterval(() => this.tend(), PING_MS);
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.hurry(); });
  }

  open() {
    clearTimeout(this.timer);
    this.is_fallback = this.failures >= FAILURES_MAX && Date.now() < (this.fallback_until ??= Date.now() + SOCKETS_AGAIN_MS);
    if (!this.is_fallback) this.fallback_until = undefined;
    const way = this.is_fallback ? by_events : by_socket;
    const mine = (this.attempt = (this.attempt ?? 0) + 1);
    // A line that was given up may still say something.
    const only_mine = (act) => (value) => { if (mine === this.attempt) act(value); };
    this.transport = way({
      on_open: only_mine(() => this.opened()),
      on_events: only_mine((events) => this.heard(events)),
      on_close: only_mine((code) => this.closed(code)),
    });
  }

  opened() {
    this.failures = this.is_fallback ? this.failures : 0;
    this.heard_at = Date.now();
    this.say("open");
    const waiting = this.waiting.splice(0);
    for (const command of this.resume(waiting)) this.transport.send(command);
    for (const command of waiting) this.transport.send(command);
  }

  heard(events) {
    this.heard_at = Date.now();
    for (const event of events) this.on_event(event);
  }

  closed(code) {
    this.transport = null;
    clearTimeout(this.timer);
    if (code === SIGNED_OUT) return this.say("signed-out");
    this.failures += 1;
    this.wait_ms = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** Math.min(this.failures - 1, 6));
    this.say("waiting");
    // Not all pages at once, after the server was away.
    this.timer = setTimeout(() => this.open(), this.wait_ms * (0.8 + 0.4 * Math.random()));
  }

  say(state) {
    this.state = state;
    this.on_state(state, this);
  }

  send(command) {
    if (this.state === "open") this.transport.send(command);
    // Of estimates the last is enough.
    else if (command.type === "estimate") this.waiting = [...this.waiting.filter((each) => each.type !== "estimate"), command];
    else this.waiting.push(command);
  }

  tend() {
    if (this.state !== "open") return;
    if (Date.now() - this.heard_at > SILENCE_MAX_MS) {
      // It looks open and is not: a laptop that slept, a network that changed.
      const dead = this.transport;
      this.attempt += 1;
      dead.close();
      this.closed(1006);
    } else this.transport.send({ type: "ping" });
  }

  hurry() {
    if (this.state === "waiting") this.open();
  }
}
