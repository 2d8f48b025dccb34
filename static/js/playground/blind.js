// Blind mode: who answers is hidden until somebody says which answer is the best.
import { by_id } from "playground/dom";
import { post } from "playground/http";
import { id } from "playground/ids";
import { is_running } from "playground/runs";
import { announce, toast } from "toast";

const LETTERS = "ABCDEF";

export class Blind {
  constructor(store) {
    this.store = store;
    this.bar = by_id("play-vote");
    this.voted = new Set();
    store.on("ended runs path chat panes settings", () => this.show());
  }

  get is_hidden() {
    return this.store.settings.blind && this.store.panes.length > 1;
  }

  name_of(pane) {
    return `Model ${LETTERS[this.store.panes.indexOf(pane)] ?? "?"}`;
  }

  toggle() {
    const { store } = this;
    const blind = !store.settings.blind;
    // One who knows the order knows the names.
    if (blind) {
      for (let at = store.panes.length - 1; at > 0; at -= 1) {
        const other = crypto.getRandomValues(new Uint32Array(1))[0] % (at + 1);
        [store.panes[at], store.panes[other]] = [store.panes[other], store.panes[at]];
      }
    }
    store.change({ blind });
    store.emit("panes");
    announce(blind ? "Names are hidden until you vote" : "Names are shown");
  }

  answers() {
    return this.store.panes.map((pane) => this.store.answer_of(pane)).filter((answer) => answer && this.store.sent_to.has(answer.pane));
  }

  async show() {
    const answers = this.is_hidden ? this.answers() : [];
    const key = answers.map((answer) => answer.id).join();
    const is_due = answers.length > 1 && !answers.some(is_running) && answers.filter((answer) => answer.state === "done").length > 1 && !this.voted.has(key);
    this.bar.hidden = !is_due;
    if (!is_due || this.shown === key) return;
    this.shown = key;
    const { voteBar } = await import("playground/votes");
    const runs = answers.map((answer) => ({ id: answer.id, model: answer.model, label: this.name_of(this.store.pane(answer.pane)), pane: answer.pane }));
    this.bar.replaceChildren(voteBar({ runs, onVote: (vote) => this.vote(vote, runs, key) }));
  }

  async vote(vote, runs, key) {
    this.voted.add(key);
    try {
      await post("/playground/votes", { id: id("vote"), models: runs.map((run) => run.model), best: vote.best, outcome: vote.outcome });
    } catch (error) {
      toast(error.message, "error");
    }
    this.store.change({ blind: false });
    this.store.emit("panes");
  }
}
