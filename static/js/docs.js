// The documentation: the menu shows where one is, and so do the contents beside the page.
const side = document.querySelector(".side-docs");
const here = side?.querySelector("[aria-current]");
if (here && here.offsetTop > side.clientHeight) side.scrollTop = here.offsetTop - side.clientHeight / 2;

const links = [...document.querySelectorAll(".contents a")];
const headings = links.map((link) => document.getElementById(link.hash.slice(1)));

// The last heading that has passed the upper part of the window.
function follow() {
  const passed = headings.findLastIndex((heading) => heading?.getBoundingClientRect().top < 120);
  for (const [at, link] of links.entries()) {
    if (at === passed) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  }
}

if (links.length) {
  let waits = false;
  addEventListener("scroll", () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; follow(); });
  }, { passive: true });
  follow();
}
