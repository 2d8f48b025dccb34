// Pictures of the next question: pasted, dropped, picked or named by an address. Each is a chip in the
// strip with its size; `change` is emitted when one comes, is ready, or goes.
import { downscaled } from "playground/downscale";
import { KINDS, taken_kind } from "playground/picture_kinds";
import { icon, make } from "make";

const COUNT_MAX = 8;
const ADDRESS = /^https?:\/\/\S+$/i;

const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);

export class Pictures extends EventTarget {
  #pictures = new Set();

  // `input`: where one writes; `strip`: an element for the chips; `upload(blob)` -> {id}.
  constructor({ input, strip, upload }) {
    super();
    this.strip = strip;
    this.upload = upload;
    strip.classList.add("pictures");
    this.refusal = make("p", { class: "pictures-refusal", role: "alert", hidden: true });
    this.file_input = make("input", { type: "file", accept: KINDS.join(","), multiple: true, hidden: true, onchange: () => this.#picked() });
    this.#listen(input, input.closest("form") ?? input);
  }

  get count() {
    return this.#pictures.size;
  }

  get is_busy() {
    return [...this.#pictures].some((picture) => picture.state === "uploading");
  }

  // As the API takes them. One that failed is not sent; its chip says why.
  parts() {
    return [...this.#pictures]
      .filter((picture) => picture.url)
      .map((picture) => ({ type: "image_url", image_url: { url: picture.url } }));
  }

  pick() {
    this.file_input.click();
  }

  clear() {
    for (const picture of [...this.#pictures]) this.#drop(picture);
    this.#refuse("");
  }

  async add(files) {
    this.#refuse("");
    for (const file of files) await this.#add(file);
  }

  // A picture somewhere else: the server fetches it, and this page does not, so that its owner does
  // not learn who thinks of asking about it.
  add_address(address) {
    const url = address.trim();
    this.#refuse("");
    if (/^data:/i.test(url)) return this.#add_data(url);
    if (!ADDRESS.test(url)) return this.#refuse("The address of a picture begins with https:// or http://.");
    if (/\.(gif|svg|bmp)(?:[?#]|$)/i.test(url)) return this.#refuse(`${url.split(/[?#]/)[0].split("/").at(-1)} is not taken. Pictures must be PNG, JPEG or WebP.`);
    if (!this.#has_room()) return undefined;
    const picture = { state: "ready", url };
    picture.chip = this.#chip(picture, icon("link", "lg"), url.replace(/^https?:\/\//, ""), "fetched by the server");
    return this.#changed();
  }

  #listen(input, target) {
    input.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
    target.classList.add("takes-pictures");
    const has_files = (event) => event.dataTransfer?.types.includes("Files");
    target.addEventListener("dragover", (event) => {
      if (!has_files(event)) return;
      event.preventDefault();
      target.classList.add("is-over");
    });
    target.addEventListener("dragleave", (event) => {
      if (!target.contains(event.relatedTarget)) target.classList.remove("is-over");
    });
    target.addEventListener("drop", (event) => {
      target.classList.remove("is-over");
      if (!has_files(event)) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
  }

  #picked() {
    this.add([...this.file_input.files]);
    // The same file again is a change too.
    this.file_input.value = "";
  }

  #add_data(url) {
    try {
      const [, kind, text] = /^data:([^;,]*);base64,(.*)$/is.exec(url);
      return this.add([new Blob([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))], { type: kind })]);
    } catch {
      return this.#refuse("A data: address of a picture begins with data:image/png;base64, and holds base64.");
    }
  }

  #has_room() {
    if (this.count < COUNT_MAX) return true;
    this.#refuse(`A question takes at most ${COUNT_MAX} pictures here.`);
    return false;
  }

  async #add(file) {
    const name = file.name || "Pasted picture";
    if (!this.#has_room()) return;
    let kind;
    try {
      kind = await taken_kind(file, name);
    } catch (error) {
      this.#refuse(error.message);
      return;
    }
    const picture = { state: "uploading", preview: URL.createObjectURL(new Blob([file], { type: kind })) };
    picture.chip = this.#chip(picture, make("img", { src: picture.preview, alt: "" }), name, "…");
    this.#changed();
    await this.#send(picture, file, kind, name);
    this.#changed();
  }

  async #send(picture, file, kind, name) {
    const note = picture.chip.querySelector(".picture-note");
    try {
      const { blob, width, height, from } = await downscaled(file, kind, name);
      const was = from ? `, was ${from.width} × ${from.height}, ${size(file.size)}` : "";
      note.textContent = `${width} × ${height}, ${size(blob.size)}${was}`;
      const { id } = await this.upload(blob);
      Object.assign(picture, { state: "ready", url: `attachment:${id}` });
    } catch (error) {
      picture.state = "failed";
      picture.chip.classList.add("is-failed");
      note.textContent = error.message;
    }
  }

  #chip(picture, sign, name, note) {
    const chip = make(
      "div", { class: "picture" }, sign,
      make("span", { class: "picture-words" }, make("span", { class: "picture-name", title: name }, name), make("span", { class: "picture-note" }, note)),
      make("button", { class: "button button-ghost button-sm button-icon", type: "button", "aria-label": `Remove ${name}`, onclick: () => this.#drop(picture) }, icon("x", "sm")),
    );
    this.#pictures.add(picture);
    this.strip.append(chip);
    return chip;
  }

  #drop(picture) {
    this.#pictures.delete(picture);
    picture.chip.remove();
    if (picture.preview) URL.revokeObjectURL(picture.preview);
    this.#changed();
  }

  #refuse(text) {
    this.refusal.textContent = text;
    this.refusal.hidden = !text;
    if (text) this.strip.append(this.refusal);
    else this.refusal.remove();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
