"""Nothing that a model writes runs, loads, or takes a place that is not its own.

Most of it is tried with the page's policy off: it is the last wall, and must not be the only one.
"""

from __future__ import annotations

import pytest
from answers import numbered, payloads, stage

# What they would call, and what is asked when it was not called.
_TRAP = """() => {
    window.ran = [];
    window.pwn = () => window.ran.push("pwn");
    for (const name of ["alert", "confirm", "prompt", "open"]) {
        window[name] = () => window.ran.push(name);
    }
}"""
_SHOW_ALL = """async ([texts, sizes]) => {
    for (const text of texts) window.show(text, sizes);
    await window.stage.idle();
    await new Promise((done) => setTimeout(done, 300));
    return window.ran;
}"""
# Everything in an answer is one of these, and has only these attributes.
_ODD = """() => {
    const tags = new Set(["A", "B", "BLOCKQUOTE", "BR", "BUTTON", "CODE", "DEL", "DETAILS", "DIV",
        "EM", "H3", "HR", "I", "INS", "KBD", "LI", "MARK", "OL", "P", "PRE", "S", "SAMP", "SMALL",
        "SPAN", "STRONG", "SUB", "SUMMARY", "SUP", "TABLE", "TBODY", "TD", "TH", "THEAD", "TR", "U",
        "UL", "VAR"]);
    const attributes = new Set(["class", "href", "rel", "target", "start", "align", "data-depth",
        "data-language", "data-math", "data-picture", "tabindex", "role", "aria-label",
        "aria-pressed", "aria-hidden", "type", "title"]);
    const odd = [];
    for (const element of document.querySelectorAll("#stage *")) {
        // Ours: icons and formulas.
        if (element.closest("svg.icon, .katex, .katex-error")) continue;
        if (!tags.has(element.tagName)) odd.push(element.outerHTML.slice(0, 200));
        for (const { name, value } of element.attributes) {
            if (!attributes.has(name)) odd.push(`${name} of ${element.outerHTML.slice(0, 200)}`);
            const is_live = /^(https?:\\/\\/|mailto:)/i.test(value);
            if (name === "href" && !is_live) odd.push(`${value} of ${element.tagName}`);
        }
        if (element.tagName === "A" && element.hasAttribute("href")
            && (element.rel !== "noopener nofollow ugc" || element.target !== "_blank")) {
            odd.push(element.outerHTML);
        }
    }
    for (const element of document.querySelectorAll("#stage .katex *")) {
        const names = element.getAttributeNames();
        if (names.some((name) => /^on|href|src|^id$/.test(name) || name === "data-style")) {
            odd.push(element.outerHTML.slice(0, 200));
        }
    }
    return odd;
}"""


@pytest.fixture
def unguarded(person, workshop):
    """A stage without the page's policy."""
    one = stage(person, workshop, bypass_csp=True)
    one.page.evaluate(_TRAP)
    return one


def test_corpus_is_large_and_distinct():
    texts = [text for _, text in numbered(payloads())]
    assert len(texts) == len(set(texts)) >= 200


@pytest.mark.parametrize("sizes", [None, [1], [3, 1, 7, 2, 11]], ids=["whole", "signs", "pieces"])
def test_hostile_answers_run_and_load_nothing(unguarded, sizes):
    texts = [text for _, text in numbered(payloads())]
    unguarded.watch.forget()
    assert unguarded.page.evaluate(_SHOW_ALL, [texts, sizes]) == []
    assert unguarded.watch.foreign == []
    assert unguarded.page.evaluate(_ODD) == []
    assert unguarded.watch.errors == []


def test_hostile_answers_are_not_even_reported_by_the_policy(person, workshop):
    guarded = stage(person, workshop)
    guarded.page.evaluate(_TRAP)
    texts = [text for _, text in numbered(payloads())]
    assert guarded.page.evaluate(_SHOW_ALL, [texts, [5]]) == []
    assert guarded.page.evaluate("window.refused") == []
    assert guarded.watch.foreign == guarded.watch.errors == []


def test_hostile_answers_in_one(unguarded):
    """What one opens, another may close."""
    whole = "\n\n".join(text for _, text in numbered(payloads()))
    unguarded.watch.forget()
    assert unguarded.page.evaluate(_SHOW_ALL, [[whole], None]) == []
    assert unguarded.page.evaluate(_SHOW_ALL, [[whole], [97]]) == []
    assert unguarded.page.evaluate(_ODD) == []
    assert unguarded.watch.foreign == []


def test_trap_catches_what_runs(unguarded):
    place = "window.stage.place.innerHTML = '<img src=x: onerror=pwn()>'"
    unguarded.page.evaluate(place)
    unguarded.page.wait_for_function("window.ran.length === 1")
    assert "<img" in str(unguarded.page.evaluate(_ODD))


def test_first_wall_holds_alone(unguarded):
    """The renderer's HTML as it is, should the sanitizer ever fail."""
    unguarded.watch.forget()
    texts = [text for _, text in numbered(payloads())]
    ran = unguarded.page.evaluate(
        """async (texts) => {
            const { html } = await import("playground/grammar");
            for (const text of texts) {
                const made = html(text, Object.create(null));
                const range = document.createRange();
                window.stage.place.append(range.createContextualFragment(made));
            }
            await new Promise((done) => setTimeout(done, 300));
            return window.ran;
        }""",
        texts,
    )
    assert ran == [] and unguarded.watch.foreign == []


def test_second_wall_holds_alone(unguarded):
    """HTML that came past the Markdown renderer, should that ever fail."""
    unguarded.watch.forget()
    texts = [text for _, text in numbered(payloads())]
    ran = unguarded.page.evaluate(
        """async (texts) => {
            const { sanitize } = await import("playground/sanitize");
            for (const text of texts) window.stage.place.append(sanitize(text));
            await new Promise((done) => setTimeout(done, 300));
            return window.ran;
        }""",
        texts,
    )
    assert ran == [] and unguarded.watch.foreign == []
    assert unguarded.page.evaluate(_ODD) == []


def test_pressing_everything_in_hostile_answers_runs_nothing(unguarded):
    texts = [text for _, text in numbered(payloads())]
    unguarded.page.evaluate(_SHOW_ALL, [texts, None])
    unguarded.watch.forget()
    unguarded.page.evaluate(
        """async () => {
            addEventListener("click", (event) => {
                const link = event.target.closest("a");
                if (link?.target === "_blank") event.preventDefault();
            });
            for (const element of document.querySelectorAll("#stage *")) {
                if (element.closest("svg")) continue;
                for (const kind of ["mouseover", "pointerover", "focus", "click", "toggle"]) {
                    element.dispatchEvent(new Event(kind, { bubbles: true, cancelable: true }));
                }
                element.focus?.();
            }
            await new Promise((done) => setTimeout(done, 200));
        }"""
    )
    assert unguarded.page.evaluate("window.ran") == []
    assert unguarded.watch.foreign == []
    assert unguarded.page.url.endswith("/_styleguide")


def test_what_is_not_obeyed_is_shown(person, workshop):
    page = stage(person, workshop).page
    words = page.evaluate(
        """() => window.show("Use <script>alert(1)</script> and <Foo bar>.").innerText"""
    )
    assert words == "Use <script>alert(1)</script> and <Foo bar>."
