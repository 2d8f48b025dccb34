"""A page of the site on which answers are rendered without a server that streams them."""

from __future__ import annotations

import re
from pathlib import Path

_PAYLOADS = Path(__file__).with_name("payloads.txt")

# `show(text, sizes)`: an answer, in pieces of so many characters each (none: at once).
_STAGE = """async () => {
    for (const sheet of ["css/playground-media.css"]) {
        const link = document.createElement("link");
        link.rel = "stylesheet";
        link.href = `/static/${sheet}`;
        document.head.append(link);
        await new Promise((done) => { link.onload = done; });
    }
    const { Answer } = await import("playground/markdown");
    const { idle } = await import("playground/idle");
    const place = document.createElement("div");
    place.id = "stage";
    document.querySelector("main").prepend(place);
    window.stage = { place, idle, Answer };
    window.show = (text, sizes = null) => {
        const element = document.createElement("div");
        place.append(element);
        const answer = new Answer(element);
        if (!sizes) answer.replace(text);
        for (let at = 0, turn = 0; sizes && at < text.length; turn += 1) {
            const size = sizes[turn % sizes.length];
            answer.push(text.slice(at, at + size));
            answer.render();
            at += size;
        }
        answer.finish();
        // What is too much for one frame goes on in the next.
        do answer.render(); while (answer.is_unfinished);
        return element;
    };
}"""


def stage(person, site, **how):
    """Somebody before an empty stage; `window.show` puts answers on it."""
    one = person(site, **how)
    one.open("/_styleguide")
    one.page.evaluate(_STAGE)
    return one


def payloads():
    """Hostile answers by their class."""
    parts = re.split(r"^# (\w+)\n", _PAYLOADS.read_text(), flags=re.MULTILINE)
    return {
        name: text.removesuffix("\n").split("\n%%\n")
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def numbered(by_class):
    return [
        (f"{name} {at}", text)
        for name, texts in by_class.items()
        for at, text in enumerate(texts, start=1)
    ]
