// Copies or bundles what others wrote, and the pages use, from node_modules into ../static/vendor, each with
// its licence, and notes what it is in vendor.lock.json. The result is committed: the product runs without Node.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

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
// What is in bundles/<name>.js becomes one module <name>/<name>.js; these are the packages it holds.
const BUNDLES = {
  markdown: ["marked", "remend", "dompurify"],
  highlight: ["highlight.js"],
  katex: ["katex"],
  three: ["three"],
};
const MATH = ["katex", "dist/katex.min.css", "katex/katex.css"];

const inside = (name, path) => join(HERE, "node_modules", name, path);
const about = (name) => JSON.parse(readFileSync(inside(name, "package.json")));
const lock = {};

function place(target) {
  mkdirSync(dirname(join(OUT, target)), { recursive: true });
  return join(OUT, target);
}

function note(names, target) {
  const sha256 = createHash("sha256").update(readFileSync(join(OUT, target))).digest("hex");
  const packages = Object.fromEntries(names.map((name) => [name, about(name).version]));
  lock[target] = { packages, sha256 };
}

function licence(name) {
  const file = readdirSync(inside(name, "")).find((entry) => /^licen[cs]e/i.test(entry));
  if (file) return readFileSync(inside(name, file), "utf8");
  // remend names its licence and ships no text; that of Apache stands below, with dompurify.
  const { license, author } = about(name);
  if (license !== "Apache-2.0") throw new Error(`${name} has no licence file`);
  return `Copyright ${author}. Licensed under the Apache License, Version 2.0.\n`;
}

function write_licences(names, target) {
  const texts = names.map((name) =>
    names.length === 1 ? licence(name) : `==== ${name} ====\n\n${licence(name)}`,
  );
  writeFileSync(join(OUT, dirname(target), "LICENSE"), texts.join("\n"));
}

function copy([name, source, target]) {
  cpSync(inside(name, source), place(target));
  write_licences([name], target);
  note([name], target);
}

// One symbol for each icon; its line width and colour are those of the place that shows it.
function sprite([name, target]) {
  const symbols = JSON.parse(readFileSync(join(HERE, "icons.json"))).map((icon) => {
    const svg = readFileSync(inside(name, `icons/${icon}.svg`), "utf8");
    const drawing = svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1].replace(/\s*\n\s*/g, "");
    return `<symbol id="${icon}" viewBox="0 0 24 24">${drawing}</symbol>`;
  });
  writeFileSync(
    place(target),
    `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`,
  );
  write_licences([name], target);
  note([name], target);
}

async function bundle([name, packages]) {
  const target = `${name}/${name}.js`;
  await build({
    entryPoints: [join(HERE, "bundles", `${name}.js`)],
    outfile: place(target),
    absWorkingDir: HERE,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    // The licences stand beside it.
    legalComments: "none",
    logLevel: "warning",
  });
  write_licences(packages, target);
  note(packages, target);
}

// KaTeX's rules, and of its fonts the format that every browser we serve knows.
function math_style([name, source, target]) {
  const css = readFileSync(inside(name, source), "utf8");
  writeFileSync(place(target), css.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("\w+"\)/g, ""));
  note([name], target);
  const fonts = readdirSync(inside(name, "dist/fonts")).filter((file) => file.endsWith(".woff2"));
  for (const font of fonts.sort()) {
    cpSync(inside(name, `dist/fonts/${font}`), place(`katex/fonts/${font}`));
    note([name], `katex/fonts/${font}`);
  }
}

rmSync(OUT, { recursive: true, force: true });
FILES.forEach(copy);
sprite(ICONS);
for (const one of Object.entries(BUNDLES)) await bundle(one);
math_style(MATH);
writeFileSync(join(OUT, "vendor.lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
