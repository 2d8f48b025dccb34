"""`make bench-answers`: how smoothly answers are drawn while several are written.

Panes of so many tokens a second each, in Chromium without a window, on a page that has what an
answer needs and nothing else, under the policy of the site. Each pane has a history of so many
characters. Gaps are those between animation frames; a long task held the page for more than 50 ms.
While answers come, somebody types: a key is seen at the next frame.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PANES_MAX = 6
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-bench'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'"
)
_VENDORED = ("markdown", "highlight", "katex", "three")
_PARAGRAPH = (
    "A **reverse proxy** takes requests in `nginx` or [Caddy](https://caddyserver.com) and hands"
    " them on; *buffering* is what breaks streams, at \\(t_{95}\\) of 40 ms, for $5 or $7.\n\n"
)
_PARTS = (
    "## What happens\n\n",
    _PARAGRAPH,
    _PARAGRAPH,
    "- first the **headers**\n- then `chunks`, each with a length\n  - and a *trailer*\n\n",
    "```python\nasync def relay(source):\n    async for chunk in source:\n"
    + "        yield chunk  # one at a time\n" * 12
    + "```\n\n",
    "| step | ms |\n|---|---:|\n" + "| handshake | 12 |\n" * 8 + "\n",
    "$$\n\\sum_{i=1}^{n} \\frac{1}{i^2} = \\frac{\\pi^2}{6}\n$$\n\n",
    "1. one\n2. two\n3. three\n\n> A quotation of somebody.\n\n",
)
_PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Bench</title>
<link rel="stylesheet" href="/css/app.css"><link rel="stylesheet" href="/css/playground-media.css">
<link rel="stylesheet" href="/bench.css">
<script type="importmap" nonce="bench">{importmap}</script><body><main id="panes"></main>
<textarea id="composer" aria-label="Prompt"></textarea>"""
_STYLE = """#panes { display: grid; grid-auto-flow: column; gap: 8px; height: 80vh; }
#panes > div { min-width: 0; overflow: auto; contain: strict; } body { display: block; }
#panes > div > div {
    content-visibility: auto; contain-intrinsic-size: auto 900px;
}"""
# Frames go on for a moment before, so that the first is not one of loading.
_RUN = """async ({ panes, tokens_per_s, seconds, history, text }) => {
    const { Answer } = await import("playground/markdown");
    const { idle } = await import("playground/idle");
    const places = Array.from({ length: panes }, () => {
        const place = document.createElement("div");
        document.getElementById("panes").append(place);
        for (let at = 0; at < history; at += 5000) {
            const old = place.appendChild(document.createElement("div"));
            const answer = new Answer(old);
            answer.replace(text.slice(0, Math.min(5000, history - at)));
            answer.finish();
        }
        return place;
    });
    await new Promise((done) => setTimeout(done, 500));
    await idle();
    // Who asks is at the end: what is near it is drawn before, and not in the first frame.
    for (const place of places) place.scrollTop = 1e9;
    await new Promise((done) => setTimeout(done, 500));
    let renders = 0;
    let rendering = 0;
    let slowest = 0;
    const given = Answer.prototype.render;
    Answer.prototype.render = function () {
        const began = performance.now();
        given.call(this);
        const took = performance.now() - began;
        renders += 1;
        rendering += took;
        slowest = Math.max(slowest, took);
    };
    const tasks = [];
    const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) tasks.push(Math.round(entry.duration));
    });
    observer.observe({ type: "longtask" });
    const gaps = [];
    let last = performance.now();
    let is_over = false;
    const frame = (now) => {
        gaps.push(now - last);
        last = now;
        if (!is_over) requestAnimationFrame(frame);
    };
    await new Promise((done) => requestAnimationFrame((now) => { last = now; done(); }));
    requestAnimationFrame(frame);
    // As the server sends them: what came in 40 ms, four characters a token.
    const below = (place) => place.appendChild(document.createElement("div"));
    const answers = places.map((place) => new Answer(below(place)));
    const began = performance.now();
    const composer = document.getElementById("composer");
    const keys = [];
    const typing = setInterval(async () => {
        const pressed = performance.now();
        composer.value += "x";
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        keys.push(performance.now() - pressed);
    }, 130);
    let sent = 0;
    await new Promise((done) => {
        const timer = setInterval(() => {
            const due = Math.floor(((performance.now() - began) / 1000) * tokens_per_s * 4);
            if (due > seconds * tokens_per_s * 4) {
                clearInterval(timer);
                return done();
            }
            answers.forEach((answer, at) => {
                // Not all at the same place of the text.
                const from = (sent + at * 700) % text.length;
                answer.push((text + text).slice(from, from + due - sent));
                answer.element.parentElement.scrollTop = 1e9;
            });
            sent = due;
        }, 40);
    });
    is_over = true;
    clearInterval(typing);
    for (const answer of answers) answer.finish();
    const at = (share, all = gaps) => {
        return Math.round(all[Math.floor((all.length - 1) * share)] * 10) / 10;
    };
    for (const all of [gaps, keys]) all.sort((one, other) => one - other);
    const elapsed_ms = performance.now() - began;
    return {
        frames_per_s: Math.round((gaps.length / elapsed_ms) * 1000),
        gap_p50_ms: at(0.5), gap_p95_ms: at(0.95), gap_p99_ms: at(0.99), gap_max_ms: at(1),
        key_p50_ms: at(0.5, keys), key_p95_ms: at(0.95, keys), key_max_ms: at(1, keys),
        long_tasks: tasks.length, longest_task_ms: Math.max(0, ...tasks),
        renders_per_s_and_pane: Math.round((renders / elapsed_ms) * 10000 / panes) / 10,
        render_mean_ms: Math.round((rendering / renders) * 100) / 100,
        render_max_ms: Math.round(slowest * 10) / 10,
        rendering_share: `${Math.round((rendering / elapsed_ms) * 1000) / 10} %`,
        characters_a_pane: sent,
    };
}"""


class _Handler(SimpleHTTPRequestHandler):
    """static/, and the page."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", _POLICY)
        super().end_headers()

    def do_GET(self):
        if self.path == "/":
            return self._send(_PAGE.replace("{importmap}", json.dumps(_importmap())), "text/html")
        if self.path == "/bench.css":
            return self._send(_STYLE, "text/css")
        return super().do_GET()

    def _send(self, text, kind):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def _importmap():
    folder = ROOT / "static" / "js"
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.js")]
    imports = {name.removesuffix(".js"): f"/js/{name}" for name in names}
    imports |= {f"vendor/{name}": f"/vendor/{name}/{name}.js" for name in _VENDORED}
    imports["vendor/katex.css"] = "/vendor/katex/katex.css"
    imports["vendor/icons.svg"] = "/vendor/icons/icons.svg"
    return {"imports": imports}


def measure(browser, url, panes, options):
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.goto(url)
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable")
    text = "".join(_PARTS) * (20_000 // len("".join(_PARTS)) + 1)
    found = page.evaluate(
        _RUN,
        {
            "panes": panes,
            "tokens_per_s": options.tokens_per_s,
            "seconds": options.seconds,
            "history": options.history,
            "text": text,
        },
    )
    spent = {one["name"]: one["value"] for one in client.send("Performance.getMetrics")["metrics"]}
    for name in ("Script", "RecalcStyle", "Layout", "Task"):
        # With the history before it, which is the smaller part.
        found[f"{name.lower()}_s"] = round(spent[f"{name}Duration"], 2)
    page.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panes", type=int, nargs="*", default=[1, 3, PANES_MAX])
    parser.add_argument("--tokens-per-s", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--history", type=int, default=20_000, help="characters a pane")
    options = parser.parse_args()
    handler = partial(_Handler, directory=str(ROOT / "static"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=False)
        for panes in options.panes:
            found = measure(browser, f"http://127.0.0.1:{server.server_port}/", panes, options)
            print(f"{panes} panes x {options.tokens_per_s} tokens/s, {options.history} characters")
            for name, value in found.items():
                print(f"    {name:24} {value}")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
