// A log follows its end only while its reader is there: scrolling up stays where one is, and a
// button leads back (complaint 10).
const NEAR_PX = 48;

export class Follow {
  constructor(log, button) {
    this.log = log;
    this.button = button;
    this.is_at_end = true;
    log.addEventListener("scroll", () => this.scrolled(), { passive: true });
    button.addEventListener("click", () => {
      this.to_end();
      log.focus({ preventScroll: true });
    });
    // What grows is the content; what shrinks is the box, when a keyboard comes up.
    this.observer = new ResizeObserver(() => this.grown());
    this.observer.observe(log);
  }

  watch(content) {
    this.observer.observe(content);
  }

  get distance() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight;
  }

  scrolled() {
    // Our own scrolling ends at the end; somebody's does not.
    this.is_at_end = this.distance <= NEAR_PX;
    this.button.hidden = this.is_at_end;
  }

  grown() {
    if (this.is_at_end) this.log.scrollTop = this.log.scrollHeight;
    this.button.hidden = this.is_at_end || this.distance <= NEAR_PX;
  }

  to_end() {
    this.is_at_end = true;
    this.log.scrollTop = this.log.scrollHeight;
    this.button.hidden = true;
  }

  stop() {
    this.observer.disconnect();
  }
}
