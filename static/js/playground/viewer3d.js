// <x-object>: a 3D object out of a .ply file, to turn and look at. Its engine is fetched when the first
// object comes into view; without WebGL there are words and the file.
import { said } from "playground/said";
import { icon, make } from "make";

const BYTES_MAX = 25 * 1024 * 1024;
const count = new Intl.NumberFormat("en-US");

const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);

// The whole file, or a refusal before it fills the memory.
async function fetch_bytes(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw said(`The file cannot be read: the server answered ${answer.status}.`);
  const too_large = () => said(`The file is larger than ${size(BYTES_MAX)}. Download it to see it.`);
  if (Number(answer.headers.get("Content-Length")) > BYTES_MAX) {
    answer.body?.cancel();
    throw too_large();
  }
  const bytes = await answer.arrayBuffer();
  if (bytes.byteLength > BYTES_MAX) throw too_large();
  return bytes;
}

function button(text, name, onclick, more = {}) {
  return make("button", { class: "button button-sm", type: "button", onclick, ...more }, icon(name, "sm"), text);
}

class SeenObject extends HTMLElement {
  #watcher = null;
  #bytes = null;
  #modes = { wireframe: false, points: false };

  connectedCallback() {
    if (!this.stage) this.#build();
    // As many as a browser has room for: those in view.
    this.#watcher = new IntersectionObserver((seen) => (seen.at(-1).isIntersecting ? this.#show() : this.#hide()), { rootMargin: "200px" });
    this.#watcher.observe(this);
  }

  disconnectedCallback() {
    this.#watcher?.disconnect();
    this.#hide();
  }

  #build() {
    const { url, alt, name } = this.dataset;
    this.words = make("div", { class: "object-words" }, make("p", {}, "Loading the object…"));
    this.stage = make("div", { class: "object-stage" }, this.words);
    this.facts = make("span", { class: "object-facts" });
    this.controls = [
      button("Wireframe", "box", (event) => this.#toggle("wireframe", event), { "aria-pressed": "false" }),
      button("Points", "chart-scatter", (event) => this.#toggle("points", event), { "aria-pressed": "false" }),
      button("Reset", "rotate-ccw", () => this.scene?.reset()),
    ];
    for (const one of this.controls) one.disabled = true;
    const download = make("a", { class: "button button-sm", href: url, download: name || "object.ply" }, icon("download", "sm"), "Download .ply");
    this.append(this.stage, make("div", { class: "object-bar", role: "group", "aria-label": `View of ${alt}` }, this.controls, download, this.facts));
  }

  #toggle(mode, event) {
    this.#modes[mode] = !this.#modes[mode];
    event.currentTarget.setAttribute("aria-pressed", String(this.#modes[mode]));
    this.scene?.[mode](this.#modes[mode]);
  }

  async #show() {
    if (this.scene || this.is_starting) return;
    this.is_starting = true;
    try {
      this.#bytes ??= await fetch_bytes(this.dataset.url);
      const { ObjectScene } = await import("playground/object_scene");
      // It may have gone meanwhile.
      if (this.isConnected) this.#start(new ObjectScene(this.#bytes, this.dataset.alt));
    } catch (error) {
      this.#explain(error);
    }
    this.is_starting = false;
  }

  #start(scene) {
    this.scene = scene;
    this.words.remove();
    this.stage.append(scene.canvas);
    scene.follow(this.stage);
    for (const mode of ["wireframe", "points"]) scene[mode](this.#modes[mode]);
    for (const one of this.controls) one.disabled = false;
    // A cloud of points has no faces to see through or to leave out.
    if (!scene.face_count) this.controls[0].disabled = this.controls[1].disabled = true;
    const faces = scene.face_count ? `${count.format(scene.face_count)} faces, ` : "";
    this.facts.textContent = `${count.format(scene.vertex_count)} vertices, ${faces}${size(this.#bytes.byteLength)}`;
  }

  #hide() {
    this.scene?.dispose();
    this.scene = null;
  }

  #explain(error) {
    const reason = error.is_said ? error.message : "The object cannot be shown. Download the file to see it elsewhere.";
    this.words.replaceChildren(make("p", {}, `3D object: ${this.dataset.alt}`), make("p", { role: "status" }, reason));
    this.stage.append(this.words);
    if (this.#bytes) this.facts.textContent = size(this.#bytes.byteLength);
  }
}
customElements.define("x-object", SeenObject);

// `url`: of the file; `alt`: what it shows, in words; `name`: of the file when it is kept.
export function viewer({ url, alt, name = "object.ply" }) {
  return make("x-object", { "data-url": url, "data-alt": alt, "data-name": name });
}
