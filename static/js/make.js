// Elements made by hand: text is always a text node, never HTML.
const SVG = "http://www.w3.org/2000/svg";

// A picture of the sprite (frontend/icons.json), as decoration.
export function icon(name, size = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", size ? `icon icon-${size}` : "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${import.meta.resolve("vendor/icons.svg")}#${name}`);
  svg.append(use);
  return svg;
}

// make("p", {class: "muted", onclick: press}, "text", element, null): null and false are left out.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
