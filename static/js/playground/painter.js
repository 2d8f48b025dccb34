// One animation loop for whatever moves.
const dirty = new Set();
const timers = new Set();
let frame = 0;

function paint() {
  frame = 0;
  for (const answer of dirty) answer.render();
  dirty.clear();
}

export const painter = {
  add() {},
  remove(answer) { dirty.delete(answer); },
  dirty(answer) {
    dirty.add(answer);
    frame ||= requestAnimationFrame(paint);
  },
  each(fn) {
    timers.add(fn);
    return () => timers.delete(fn);
  },
};
setInterval(() => { for (const fn of timers) fn(performance.now()); }, 100);
