"""Where things are on the Playground, and how one asks there."""

from __future__ import annotations

GPT = "openai/gpt-4o"
LLAMA = "meta-llama/llama-3-70b-instruct"
OPUS = "anthropic/claude-3-opus"
TURBO = "openai/gpt-3.5-turbo"
LLAMA_NAME = "Llama 3 70B Instruct"
# A scroll may take a while to come to its end.
_AT_REST = """async (log) => {
    for (let last = -1; last !== log.scrollTop;) {
        last = log.scrollTop;
        await new Promise((done) => setTimeout(done, 300));
    }
    return log.scrollTop;
}"""


def composer(page):
    return page.get_by_role("textbox", name="Message")


def pane(page, name="GPT-4o"):
    return page.get_by_role("region", name=name, exact=True)


def foot(page, name="GPT-4o"):
    return pane(page, name).locator(".pane-foot")


def at_rest(log):
    """How far a log is scrolled, when nothing moves it any more."""
    return log.evaluate(_AT_REST)


def send(page, text):
    composer(page).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def ask(page, line, text="Explain idempotency keys.", panes=1):
    """The starts of the runs by their models."""
    before = len(line.of("run.start"))
    send(page, text)
    starts = line.asked("run.start", before + panes)[before:]
    return {start["body"]["model"]: start for start in starts}
