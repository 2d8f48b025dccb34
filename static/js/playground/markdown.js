// The smallest answer there can be: text as it is.
import { painter } from "playground/painter";

export class Answer {
  constructor(element) {
    this.element = element;
    this.text = "";
    painter.add(this);
  }

  push(text) {
    this.text += text;
    painter.dirty(this);
  }

  replace(text) {
    this.text = text;
    painter.dirty(this);
  }

  finish() {
    this.render();
    painter.remove(this);
  }

  render() {
    this.element.textContent = this.text;
  }
}
