"""Answers as Markdown, while they are written and when they are done."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import stage
from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = Path(__file__).with_name("documents.txt").read_text().removesuffix("\n").split("\n%%\n")
RICH = "\n\n".join(DOCUMENTS)
# Of both: the HTML without the spaces between blocks.
_BOTH = """async ([text, sizes]) => {
    const elements = [window.show(text), window.show(text, sizes)];
    await window.stage.idle();
    return elements.map((element) => element.innerHTML.replace(/\\s*\\n\\s*/g, "\\n").trim());
}"""


@pytest.fixture
def one(person, workshop):
    return stage(person, workshop)


def shown(page, text, sizes=None):
    page.evaluate(
        "([text, sizes]) => { window.element = window.show(text, sizes); }", [text, sizes]
    )
    page.evaluate("() => window.stage.idle()")
    return page.locator("#stage > .answer").last


@pytest.mark.parametrize("sizes", [[1], [3, 1, 7, 2, 40]], ids=["signs", "pieces"])
def test_written_in_pieces_it_ends_as_written_at_once(one, sizes):
    for text in [*DOCUMENTS, RICH, RICH.replace("\n", "\r\n")]:
        whole, streamed = one.page.evaluate(_BOTH, [text, sizes])
        assert streamed == whole
        assert len(whole) > 20
    one.check()


def test_long_documents_end_the_same(one):
    for path in sorted((ROOT / "docs").glob("*.md")):
        whole, streamed = one.page.evaluate(_BOTH, [path.read_text(), [61, 13, 170, 34]])
        assert streamed == whole, path


def test_prices_are_no_formulas(one):
    answer = shown(
        one.page, "It costs $5 and $7, or 2$ each; \\$9 too. \\(x^2\\) is one, $$y$$ too."
    )
    expect(answer).to_contain_text("It costs $5 and $7, or 2$ each; $9 too.")
    expect(answer.locator(".katex")).to_have_count(2)
    assert one.page.evaluate("window.refused") == []


def test_formulas_look_right_under_the_policy(one):
    text = "$$\\overline{\\sqrt{\\frac{a}{b}}} \\boxed{x} \\vec{v} \\fcolorbox{red}{aqua}{z}$$"
    answer = shown(one.page, f"{text}\n\n\\(\\nosuchcommand\\)\n")
    expect(answer.locator(".math-block .katex")).to_be_visible()
    # The root's bar has the width that a style attribute would have given it.
    assert answer.locator("svg").first.evaluate("svg => svg.getBoundingClientRect().height") > 0
    assert answer.locator("[data-style]").count() == 0
    assert "KaTeX_Main" in answer.locator(".mord").first.evaluate(
        "e => getComputedStyle(e).fontFamily"
    )
    expect(answer).to_contain_text("\\nosuchcommand")
    one.check()


def test_code_has_its_language_colours_and_buttons(person, workshop):
    one = stage(person, workshop)
    text = "```python\ndef f(x):\n    return 'long ' * 100\n```\n"
    answer = shown(one.page, text)
    expect(answer.locator(".code-head span").first).to_have_text("python")
    expect(answer.locator(".hljs-keyword").first).to_have_text("def")
    wrap = answer.get_by_role("button", name="Wrap long lines")
    wrap.click()
    expect(wrap).to_have_attribute("aria-pressed", "true")
    one.page.evaluate(
        "() => { navigator.clipboard.writeText = async (t) => { window.copied = t; }; }"
    )
    answer.get_by_role("button", name="Copy code").click()
    expect(one.page.locator("#live")).to_have_text("Copied")
    assert one.page.evaluate("window.copied") == "def f(x):\n    return 'long ' * 100"


def test_unknown_languages_stay_plain(one):
    answer = shown(one.page, "```brainfuck\n+++\n```\n\n```constructor\nx\n```\n")
    assert answer.locator("pre").all_inner_texts() == ["+++", "x"]
    assert one.watch.errors == []


def test_open_fence_is_code_at_once_and_stays_the_same_block(one):
    page = one.page
    page.evaluate("""() => {
        const element = document.createElement("div");
        window.stage.place.append(element);
        window.answer = new window.stage.Answer(element);
        window.more = (text) => { window.answer.push(text); window.answer.render(); };
        window.more("Look:\\n```js\\nlet a = 1;\\n``");
        window.block = document.querySelector("#stage .code");
        window.block.querySelector(".code-wrap").focus();
    }""")
    code = page.locator("#stage pre code")
    assert code.inner_text() == "let a = 1;"
    page.evaluate("window.more('x\\nlet b;\\n')")
    assert code.inner_text() == "let a = 1;\n``x\nlet b;"
    page.evaluate("window.more('```\\nDone')")
    page.evaluate("() => { window.answer.finish(); window.answer.render(); }")
    assert page.evaluate("document.querySelector('#stage .code') === window.block")
    assert page.evaluate("document.activeElement.matches('.code-wrap')")
    expect(page.locator("#stage .answer > p").last).to_have_text("Done")


def test_finished_blocks_are_left_alone(one):
    counts = one.page.evaluate("""() => {
        const element = document.createElement("div");
        window.stage.place.append(element);
        const answer = new window.stage.Answer(element);
        const push = (text) => { answer.push(text); answer.render(); };
        push("First *paragraph*.\\n\\nSecond\\nline");
        const first = element.querySelector("p");
        const seen = [];
        const observer = new MutationObserver((found) => seen.push(...found));
        observer.observe(first, { subtree: true, childList: true, characterData: true });
        for (let at = 0; at < 50; at += 1) push(" word\\n\\nnext");
        const tail = element.querySelectorAll(".answer-tail > *");
        return [element.querySelector("p") === first, seen.length, tail.length];
    }""")
    assert counts == [True, 0, 2]


def test_links_open_elsewhere_and_pictures_wait(one):
    answer = shown(
        one.page, "[a](https://example.com/a) ![A cat](https://example.com/cat.png) [b](/keys)"
    )
    expect(answer).to_have_text("a Picture: A cat b")
    links = answer.get_by_role("link")
    expect(links).to_have_count(2)
    for at in range(2):
        expect(links.nth(at)).to_have_attribute("rel", "noopener nofollow ugc")
        expect(links.nth(at)).to_have_attribute("target", "_blank")
    assert one.watch.foreign == []


def test_wide_things_scroll_in_their_own_box(person, workshop):
    one = stage(person, workshop, width=390, theme="dark")
    cells = " | ".join(f"column {number}" for number in range(20))
    table = f"| {cells} |\n|{'---|' * 20}\n| {cells} |\n"
    formula = "$$" + "+".join(f"x_{{{number}}}" for number in range(60)) + "$$"
    word = "a" * 300
    shown(one.page, f"{table}\n{formula}\n\n{word}\n\n`{word}`\n\n```\n{word}\n```\n")
    box = one.page.locator(".answer-table")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    one.shrink_to(360)
    one.check_width()
    one.check()


def test_everything_at_once_has_no_fault(person, workshop):
    for theme, width in (("light", 1360), ("dark", 390)):
        one = stage(person, workshop, theme=theme, width=width)
        shown(one.page, RICH)
        one.photograph("answers", "answers")
        one.check()


def test_endless_paragraphs_become_plain_text(one):
    long = "**a" * 30_000
    answer = shown(one.page, long, [5000])
    expect(answer.locator(".answer-plain")).to_have_text(long)
    quotes = ">" * 5000
    assert len(shown(one.page, quotes, [1000]).inner_text()) <= 5000


def test_long_code_stays_code(one):
    lines = "\n".join(f"line {number}" for number in range(8000))
    answer = shown(one.page, f"```text\n{lines}\n```\n\nEnd", [20_000])
    assert answer.locator("pre").inner_text() == lines
    expect(answer.locator("p").last).to_have_text("End")


def test_replaced_text_starts_anew(one):
    one.page.evaluate("""() => {
        const element = document.createElement("div");
        window.stage.place.append(element);
        const answer = new window.stage.Answer(element);
        answer.push("# Old\\n\\ntext [x][1]\\n\\n[1]: https://old.example\\n");
        answer.render();
        answer.replace("New [x][1]");
        answer.finish();
        answer.render();
        window.text = answer.text;
    }""")
    expect(one.page.locator("#stage .answer")).to_have_text("New [x][1]")
    assert one.page.evaluate("window.text") == "New [x][1]"


def test_reasoning_is_closed_and_counts(one):
    page = one.page
    page.evaluate("""async () => {
        const { Reasoning } = await import("playground/reasoning");
        window.thought = new Reasoning();
        window.stage.place.append(window.thought.element);
        window.thought.push("First **this**,\\n\\n- then that");
    }""")
    summary = page.locator(".reasoning > summary")
    expect(summary).to_have_text("Thinking… 1 s")
    expect(page.get_by_text("then that")).to_be_hidden()
    page.evaluate("window.thought.finish(4.4)")
    expect(summary).to_have_text("Thought for 4 s")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("listitem").filter(has_text="then that")).to_be_visible()
    one.check()


def test_painter_shares_frames_and_slows_down_for_many(one):
    """Each of three that stream is drawn about eight times a second, one alone with each frame; the
    first word waits for nobody."""
    counts = one.page.evaluate("""async () => {
        const { painter } = await import("playground/painter");
        const stop = painter.each(() => {});
        const count = async (many) => {
            const drawn = Array(many).fill(0);
            const answers = drawn.map((_, at) => ({ render: () => { drawn[at] += 1; } }));
            for (const answer of answers) painter.add(answer);
            const began = performance.now();
            while (performance.now() - began < 1000) {
                for (const answer of answers) painter.dirty(answer);
                await new Promise((done) => setTimeout(done, 4));
            }
            for (const answer of answers) painter.remove(answer);
            await new Promise((done) => setTimeout(done, 300));
            return Math.max(...drawn);
        };
        const found = [await count(1), await count(3)];
        stop();
        return found;
    }""")
    assert counts[0] > counts[1] and 1 <= counts[1] <= 10
