"""A person's browser before a running site, and all that is wrong with a page they open.

Playwright's sync API runs an event loop in this thread, so nothing here touches the ORM: the desk
of the gateway does (tests/gateway_process.py).
"""

from __future__ import annotations

import gzip
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parent.parent.parent
AXE_PATH = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# Plain http as a browser sees it: `localhost` and 127.0.0.1 pass for safe.
PLAIN_HOST = "openrouter.test"
ARGUMENTS = [
    f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
    "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
THEMES = ("light", "dark")
WIDTHS = (1360, 390)
WIDTH_MIN = 360
JS_BYTES_MAX = 45 * 1024
CSS_BYTES_MAX = 20 * 1024
_TIMEOUT_MS = 15_000
# Unless a test says another, what is expected may take as long as what is done.
expect.set_options(timeout=_TIMEOUT_MS)

# The page's own word for what its policy refused, beside what the console says of it.
_NOTE_VIOLATIONS = """
    window.refused = [];
    addEventListener("securitypolicyviolation", (event) => {
        window.refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
    });
"""
# Nobody presses what does nothing yet: a page that is not loaded says so to Playwright.
_NOTE_LOADING = """
    new MutationObserver((_, observer) => {
        if (!document.documentElement || document.readyState === "complete") return;
        observer.disconnect();
        document.documentElement.setAttribute("data-loading", "");
    }).observe(document, {childList: true});
    addEventListener("load", () => document.documentElement.removeAttribute("data-loading"));
"""
_LOADING = "html[data-loading]"
_AXE = """async () => {
    const found = await axe.run(document, {preload: false, resultTypes: ["violations"]});
    return found.violations.map((violation) => [
        violation.id, violation.help,
        ...violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)),
    ]);
}"""
# What fades in has little contrast until it is there.
_STILL = """async () => {
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations()
        .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
        .map((one) => one.finished));
}"""
# Chrome says this of every page over plain http, and that of one that is an error by intention.
_OF_PLAIN_HTTP = "The Cross-Origin-Opener-Policy header has been ignored"
_OWN_STATUS = "Failed to load resource: the server responded with a status of"


@dataclass
class Watch:
    """What a page did since it was opened."""

    site_url: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def attach(self, page):
        page.add_init_script(_NOTE_VIOLATIONS)
        page.add_init_script(_NOTE_LOADING)
        page.add_locator_handler(page.locator(_LOADING), lambda: None)
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))
        page.route("**/*", self._guard)
        return page

    def _note_console(self, message):
        if message.type == "error" and _OF_PLAIN_HTTP not in message.text:
            self.errors.append(f"console: {message.text}")

    def _guard(self, route):
        parts = urlsplit(route.request.url)
        if parts.scheme in {"http", "https"} and not route.request.url.startswith(self.site_url):
            self.foreign.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    def forget(self):
        self.errors.clear()
        self.foreign.clear()


class Person:
    """A browser context at one site: signed in when it has a session. `address`: the site by
    another name."""

    def __init__(
        self, chromium, site, *, theme="light", width=1360, session=None, address="", **more
    ):
        self.site, self.theme, self.width = site, theme, width
        address = address or site.url
        self.context = chromium.new_context(
            base_url=address, color_scheme=theme, viewport={"width": width, "height": 900}, **more
        )
        self.context.set_default_timeout(_TIMEOUT_MS)
        if session:
            self.context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        self.watch = Watch(address)
        self.page = self.watch.attach(self.context.new_page())

    def in_a_hurry(self):
        """They press and look at a page that is not loaded."""
        self.page.remove_locator_handler(self.page.locator(_LOADING))
        return self

    def open(self, path, status=200):
        """The page at `path`, when all its scripts ran."""
        self.watch.forget()
        response = self.page.goto(path, wait_until="load")
        assert response.status == status, f"{path}: {response.status}"
        self.page.wait_for_load_state("networkidle")
        return self.page

    def check(self, status=200):
        """Nothing is wrong with the page as it stands."""
        page, problems = self.page, {}
        # After a click that led here: axe wants the whole page, and its colours.
        page.wait_for_load_state("load")
        page.evaluate(_STILL)
        own = f"{_OWN_STATUS} {status}"
        problems["console"] = [
            error for error in self.watch.errors if not (status >= 400 and own in error)
        ]
        problems["foreign requests"] = list(self.watch.foreign)
        problems["refused by the policy"] = page.evaluate("window.refused")
        problems["too wide by"] = self._too_wide_by()
        # Not the page's own script: its policy is not asked.
        page.evaluate(AXE_PATH.read_text())
        problems["axe"] = page.evaluate(_AXE)
        wrong = {name: what for name, what in problems.items() if what}
        assert not wrong, f"{page.url} ({self.theme}, {self.width} px): {wrong}"

    def turn(self, theme):
        """The system turns light or dark. At once: a colour on its way is none to judge."""
        self.theme = theme
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        # The page hears of it a moment later: axe must not see half of it in the old colours.
        for asked in (f"(prefers-color-scheme: {theme})", "(prefers-reduced-motion)"):
            self.page.wait_for_function("asked => matchMedia(asked).matches", arg=asked)
        self.page.evaluate("() => new Promise(requestAnimationFrame)")

    def shrink_to(self, width):
        self.width = width
        self.page.set_viewport_size({"width": width, "height": 900})
        # The page hears of it a moment later.
        self.page.wait_for_function("width => innerWidth === width", arg=width)
        self.page.evaluate("() => new Promise(requestAnimationFrame)")

    def check_width(self):
        assert not self._too_wide_by(), f"{self.page.url}: too wide for {self.width} px"

    def _too_wide_by(self):
        root = "document.documentElement"
        return max(0, self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))

    def photograph(self, path, name=""):
        """E2E_SCREENSHOTS names a folder."""
        if folder := os.environ.get("E2E_SCREENSHOTS"):
            name = name or re.sub(r"\W+", "-", path).strip("-") or "landing"
            Path(folder).mkdir(parents=True, exist_ok=True)
            file = f"{folder}/{name}-{self.theme}-{self.width}.png"
            self.page.screenshot(path=file, full_page=True)

    def look(self, path, status=200, name=""):
        """Open, photograph and check a page."""
        page = self.open(path, status)
        self.photograph(path, name)
        self.check(status)
        return page

    def weight(self, path):
        """Gzipped bytes of the scripts and of the style sheets that the page loads."""
        loaded = {"script": {}, "stylesheet": {}}

        def note(response):
            kind = response.request.resource_type
            if kind in loaded:
                loaded[kind][response.url] = len(gzip.compress(response.body(), 6))

        self.page.on("response", note)
        self.open(path)
        self.page.remove_listener("response", note)
        return sum(loaded["script"].values()), sum(loaded["stylesheet"].values())

    def close(self):
        self.context.close()
