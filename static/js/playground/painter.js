// One loop paints all answers, so that they share a frame's time instead of taking one each.
const FRAME_MS = 16;
const FRAME_MS_MAX = 12;
const BUSY_PAUSE_MS = 125;
const BUSY_ABOVE = 2;
// Painting takes no more than about a tenth of the time, however long a paragraph grows.
const REST_FACTOR = 9;
// After a slow frame everybody goes slowly for a while.
const CALM_AFTER_MS = 2000;
const TICK_MS = 250;

class Painter {
  streaming = new Set();
  waiting = new Set();
  timers = new Set();
  ready_at = new WeakMap();
  slow_until = 0;
  next_tick = 0;
  is_framed = false;
  timeout = 0;

  // An answer that is being written.
  add(answer) {
    this.streaming.add(answer);
  }

  remove(answer) {
    this.streaming.delete(answer);
  }

  // It has something new: its render() is called soon.
  dirty(answer) {
    this.waiting.add(answer);
    this.schedule();
  }

  // fn(now) four times a second, until the function that comes back is called.
  each(fn) {
    this.timers.add(fn);
    this.schedule();
    return () => this.timers.delete(fn);
  }

  schedule() {
    if (this.is_framed || !(this.waiting.size || this.timers.size)) return;
    clearTimeout(this.timeout);
    const pause = this.pause_ms();
    if (pause > FRAME_MS) this.timeout = setTimeout(() => this.frame(), pause - FRAME_MS);
    else this.frame();
  }

  frame() {
    if (this.is_framed) return;
    this.is_framed = true;
    requestAnimationFrame((now) => this.paint(now));
  }

  // Until somebody has something to do: a frame without work is none for nothing.
  pause_ms() {
    const now = performance.now();
    const until = [...this.waiting].map((answer) => this.ready_at.get(answer) ?? 0);
    if (this.timers.size) until.push(this.next_tick);
    return Math.min(...until) - now;
  }

  paint(now) {
    const began = performance.now();
    this.is_framed = false;
    if (now >= this.next_tick) this.tick(now);
    const is_busy = this.streaming.size > BUSY_ABOVE || now < this.slow_until;
    for (const answer of this.waiting) {
      if (performance.now() - began > FRAME_MS_MAX / 2) break;
      if (now >= (this.ready_at.get(answer) ?? 0)) this.render(answer, now, is_busy);
    }
    if (performance.now() - began > FRAME_MS_MAX) this.slow_until = now + CALM_AFTER_MS;
    this.schedule();
  }

  render(answer, now, is_busy) {
    const began = performance.now();
    // Who comes last in this frame comes first in one that follows.
    this.waiting.delete(answer);
    answer.render();
    const cost = performance.now() - began;
    const pause = this.streaming.has(answer) && is_busy ? BUSY_PAUSE_MS : 0;
    this.ready_at.set(answer, now + Math.max(pause, cost * REST_FACTOR));
  }

  tick(now) {
    this.next_tick = now + TICK_MS;
    for (const fn of this.timers) fn(now);
  }
}

export const painter = new Painter();
