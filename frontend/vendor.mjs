// Copies what others wrote, and the pages use, from node_modules into ../static/vendor, each with its
// licence, and notes what it is in vendor.lock.json. The result is committed: the product runs without Node.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, "..", "static", "vendor");

// Package, its file, our name for it.
const FILES = [
  ["htmx.org", "dist/htmx.min.js", "htmx/htmx.min.js"],
  ["@fontsource-variable/inter", "files/inter-latin-wght-normal.woff2", "inter/inter-latin.woff2"],
  [
    "@fontsource-variable/jetbrains-mono",
    "files/jetbrains-mono-latin-wght-normal.woff2",
    "jetbrains-mono/jetbrains-mono-latin.woff2",
  ],
];
const ICONS = ["lucide-static", "icons/icons.svg"];

const inside = (name, path) => join(HERE, "node_modules", name, path);
const version = (name) => JSON.parse(readFileSync(inside(name, "package.json"))).version;
const lock = {};

function note(name, target) {
  const sha256 = createHash("sha256").update(readFileSync(join(OUT, target))).digest("hex");
  lock[target] = { name, version: version(name), sha256 };
}

function licence(name, target) {
  const file = readdirSync(inside(name, "")).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence file`);
  cpSync(inside(name, file), join(OUT, dirname(target), "LICENSE"));
}

function copy([name, source, target]) {
  mkdirSync(dirname(join(OUT, target)), { recursive: true });
  cpSync(inside(name, source), join(OUT, target));
  licence(name, target);
  note(name, target);
}

// One symbol for each icon; its line width and colour are those of the place that shows it.
function sprite([name, target]) {
  const symbols = JSON.parse(readFileSync(join(HERE, "icons.json"))).map((icon) => {
    const svg = readFileSync(inside(name, `icons/${icon}.svg`), "utf8");
    const drawing = svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1].replace(/\s*\n\s*/g, "");
    return `<symbol id="${icon}" viewBox="0 0 24 24">${drawing}</symbol>`;
  });
  mkdirSync(dirname(join(OUT, target)), { recursive: true });
  writeFileSync(
    join(OUT, target),
    `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`,
  );
  licence(name, target);
  note(name, target);
}

rmSync(OUT, { recursive: true, force: true });
FILES.forEach(copy);
sprite(ICONS);
writeFileSync(join(OUT, "vendor.lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
