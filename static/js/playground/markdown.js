// A Markdown answer that is still being written. Finished blocks are rendered once and left alone; only
// the tail behind them is done again, so that a long answer costs no more than a short one.
import { remend } from "vendor/markdown";
import { finished, open_fence } from "playground/blocks";
import { CodeBlock } from "playground/codeblock";
import { decorate, enrich } from "playground/decorate";
import { html } from "playground/grammar";
import { painter } from "playground/painter";
import { sanitize } from "playground/sanitize";

// A paragraph longer than any that people write is plain text until it ends, or for good.
const TAIL_LENGTH_MAX = 20_000;
const BLOCK_LENGTH_MAX = 100_000;
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

  // The painter calls it.
  render() {
    this.#freeze();
    if (this.#is_finished && this.#rest) {
      this.#settle(this.#rest);
      this.#done += this.#rest;
      this.#rest = "";
    }
    this.#draw_tail();
  }

  #freeze() {
    const lines = this.#rest.lastIndexOf("\n") + 1;
    if (lines === this.#seen_lines) return;
    this.#seen_lines = lines;
    if (this.#rest.length > BLOCK_LENGTH_MAX && !this.#rest.includes("\n\n")) return;
    if (open_fence(this.#rest)) return;
    const length = this.#cut();
    if (!length) return;
    this.#settle(this.#rest.slice(0, length));
    this.#done += this.#rest.slice(0, length);
    this.#rest = this.#rest.slice(length);
    this.#seen_lines = this.#rest.lastIndexOf("\n") + 1;
  }

  #cut() {
    try {
      return finished(this.#rest);
    } catch (error) {
      console.warn(error);
      return 0;
    }
  }

  #settle(source) {
    const known = Object.keys(this.#links).length;
    const fragment = rendered(source, this.#links);
    const holder = document.createDocumentFragment();
    holder.append(fragment);
    this.#keep_fence(holder);
    const nodes = [...holder.childNodes];
    this.tail.before(holder);
    enrich(nodes);
    if (Object.keys(this.#links).length > known) this.#link_again();
    if (source.includes("[")) this.#open_blocks.push({ source, nodes });
  }

  // The block of code that the reader sees grow, has perhaps selected or scrolled, goes on to be it.
  #keep_fence(holder) {
    const code = this.#fence && holder.firstElementChild?.querySelector("pre > code");
    if (code) {
      this.#fence.grow(code.textContent);
      holder.firstElementChild.replaceWith(this.#fence.element);
    }
    this.#fence = null;
  }

  // An address came behind those who name it.
  #link_again() {
    for (const block of this.#open_blocks) {
      const holder = document.createDocumentFragment();
      holder.append(rendered(block.source, this.#links));
      const nodes = [...holder.childNodes];
      if (!block.nodes[0]) continue;
      block.nodes[0].before(holder);
      for (const node of block.nodes) node.remove();
      block.nodes = nodes;
      enrich(nodes);
    }
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
