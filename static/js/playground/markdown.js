// A Markdown answer that is still being written. Finished blocks are rendered once and left alone; only
// the tail behind them is done again, so that a long answer costs no more than a short one.
import { remend } from "vendor/markdown";
import { closed_fence, finished, open_fence } from "playground/blocks";
import { CodeBlock } from "playground/codeblock";
import { decorate, enrich } from "playground/decorate";
import { html } from "playground/grammar";
import { painter } from "playground/painter";
import { sanitize } from "playground/sanitize";

// A paragraph longer than any that people write is plain text until it ends, or for good.
const TAIL_LENGTH_MAX = 20_000;
const BLOCK_LENGTH_MAX = 50_000;
const RENDER_MS_MAX = 6;
// Half-open syntax is closed for the moment; what it would change of finished text is off.
const MENDING = { linkMode: "text-only", comparisonOperators: false, singleTilde: false };

const named = () => Object.create(null);

function plain(text) {
  const paragraph = document.createElement("p");
  paragraph.className = "answer-plain";
  paragraph.textContent = text;
  return paragraph;
}

export function rendered(text, links = named()) {
  const code = text.length > BLOCK_LENGTH_MAX && closed_fence(text);
  if (code) return new CodeBlock(code.language, code.text).element;
  if (text.length > BLOCK_LENGTH_MAX) return plain(text);
  try {
    return decorate(sanitize(html(text, links)));
  } catch (error) {
    console.warn(error);
    return plain(text);
  }
}

export class Answer {
  #done = "";
  #rest = "";
  #ended_with_return = false;
  #is_finished = false;
  // Finished blocks that may name a link whose address comes later: {source, nodes}.
  #open_blocks = [];
  // Finished, and not drawn yet.
  #pieces = [];
  #links = named();
  #fence = null;
  #seen_lines = 0;

  constructor(element) {
    this.element = element;
    element.classList.add("answer");
    this.tail = document.createElement("div");
    this.tail.className = "answer-tail";
    element.replaceChildren(this.tail);
  }

  get text() {
    return this.#done + this.#rest;
  }

  // Something is left to draw that did not fit into a frame.
  get is_unfinished() {
    return this.#pieces.length > 0;
  }

  push(text) {
    if (!text) return;
    this.#take(text);
    this.#is_finished = false;
    this.element.classList.add("is-streaming");
    painter.add(this);
    painter.dirty(this);
  }

  replace(text) {
    this.#done = this.#rest = "";
    this.#ended_with_return = false;
    this.#open_blocks = [];
    this.#pieces = [];
    this.#links = named();
    this.#fence = null;
    this.#seen_lines = 0;
    this.tail.replaceChildren();
    this.element.replaceChildren(this.tail);
    this.#take(text);
    painter.dirty(this);
  }

  finish() {
    this.#is_finished = true;
    this.element.classList.remove("is-streaming");
    painter.remove(this);
    painter.dirty(this);
  }

  // One kind of line end; a pair may come in two pieces.
  #take(text) {
    const rest = this.#ended_with_return && text.startsWith("\n") ? text.slice(1) : text;
    this.#ended_with_return = text.endsWith("\r");
    this.#rest += rest.replace(/\r\n?/g, "\n");
  }

  // The painter calls it. What takes longer than its share goes on in the next frame.
  render() {
    if (this.tail.parentNode !== this.element) this.element.append(this.tail);
    const until = performance.now() + RENDER_MS_MAX;
    this.#look_for_finished();
    // One at least, or a slow machine would never come to an end.
    do this.#settle(this.#pieces.shift() ?? ""); while (this.#pieces.length && performance.now() < until);
    if (this.#pieces.length) {
      painter.dirty(this);
      return;
    }
    if (this.#is_finished && this.#rest) {
      this.#settle(this.#rest);
      this.#done += this.#rest;
      this.#rest = "";
    }
    if (!this.#is_finished) {
      this.#draw_tail();
      return;
    }
    this.#link_again();
    this.tail.replaceChildren();
    // So that the last block is the last child.
    this.tail.remove();
  }

  #look_for_finished() {
    const lines = this.#rest.lastIndexOf("\n") + 1;
    if (lines === this.#seen_lines) return;
    if (!open_fence(this.#rest)) this.#cut();
    this.#seen_lines = this.#rest.lastIndexOf("\n") + 1;
  }

  #cut() {
    try {
      const pieces = finished(this.#rest);
      const { length } = pieces.join("");
      this.#pieces.push(...pieces);
      this.#done += this.#rest.slice(0, length);
      this.#rest = this.#rest.slice(length);
    } catch (error) {
      console.warn(error);
    }
  }

  #settle(source) {
    if (!source || (this.#fence && this.#keep_fence(source))) return;
    this.#fence = null;
    const holder = document.createDocumentFragment();
    holder.append(rendered(source, this.#links));
    const nodes = [...holder.childNodes];
    this.tail.before(holder);
    enrich(nodes);
    if (source.includes("[")) this.#open_blocks.push({ source, nodes });
  }

  // The block of code that the reader sees grow, has perhaps selected or scrolled, goes on to be it.
  #keep_fence(source) {
    const code = closed_fence(source);
    if (!code) return false;
    const { element } = this.#fence;
    this.#fence.grow(code.text);
    this.#fence = null;
    const has_focus = element.contains(document.activeElement) && document.activeElement;
    if (this.element.moveBefore && this.element.isConnected) this.element.moveBefore(element, this.tail);
    else this.tail.before(element);
    if (has_focus) has_focus.focus({ preventScroll: true });
    enrich([element]);
    return true;
  }

  // Addresses may stand behind those who name them, at the end as a rule.
  #link_again() {
    const open_blocks = Object.keys(this.#links).length ? this.#open_blocks : [];
    for (const { source, nodes } of open_blocks) {
      if (!nodes.length) continue;
      const holder = document.createDocumentFragment();
      holder.append(rendered(source, this.#links));
      const linked = [...holder.childNodes];
      nodes[0].before(holder);
      for (const node of nodes) node.remove();
      enrich(linked);
    }
    this.#open_blocks = [];
  }

  #draw_tail() {
    const fence = open_fence(this.#rest);
    if (fence) return this.#grow_fence(fence);
    this.#fence = null;
    this.tail.replaceChildren(this.#rest ? this.#tail_of(this.#rest) : "");
  }

  #tail_of(text) {
    if (text.length > TAIL_LENGTH_MAX) return plain(text);
    // An address in the making would be kept for good.
    return rendered(remend(text, MENDING), Object.assign(named(), this.#links));
  }

  #grow_fence({ language, text }) {
    if (!this.#fence) {
      this.#fence = new CodeBlock(language);
      this.tail.replaceChildren(this.#fence.element);
    }
    this.#fence.grow(text);
  }
}
