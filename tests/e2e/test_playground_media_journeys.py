"""Journeys 7 and 11 of the design: pictures and tools, and text to 3D, in the whole product."""

from __future__ import annotations

import base64
import json

import pytest
from gateway_process import unique, wait_until
from pictures import GIF, PNG
from playground_steps import GPT, LLAMA, LLAMA_NAME, foot, pane, send
from playwright.sync_api import expect

SHAP_E = "openai/shap-e"
# How a file is pasted into the composer.
_PASTE = """([name, type, data]) => {
    const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    document.getElementById("composer-text").dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""
_NO_WEBGL = """
    const given = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
        return kind.startsWith("webgl") ? null : given.call(this, kind, ...more);
    };
"""


@pytest.fixture(scope="module")
def site(new_gateway):
    return new_gateway(TIMEOUT_SCALE="0.1").start()


@pytest.fixture
def at_play(person, site):
    caller = site.caller(credits="20", email=f"{unique('alice')}@example.com")
    session = site.desk("session", user_id=caller.user_id)

    def opened(*models, before="", **how):
        one = person(site, session=session, **how)
        if before:
            one.page.add_init_script(before)
        one.open(f"/playground?models={','.join(models)}")
        expect(one.page.locator("#play[data-ready]")).to_be_attached()
        return one

    return opened


def paste(page, name, kind, data):
    page.evaluate(_PASTE, [name, kind, base64.b64encode(data).decode()])


def define_example_tool(page):
    page.get_by_role("button", name="Tools").click()
    dialog = page.get_by_role("dialog", name="Tools")
    dialog.get_by_role("button", name="Add an example").click()
    dialog.get_by_role("button", name="Save tools").click()
    expect(dialog).to_be_hidden()


def test_picture_is_seen_by_the_model_that_sees(at_play, site):
    marker = unique("picture")
    one = at_play(GPT, LLAMA)
    page = one.page
    paste(page, "cat.gif", "image/gif", GIF)
    expect(page.locator("#composer-pictures")).to_contain_text(
        "cat.gif is a GIF picture. Pictures must be PNG, JPEG or WebP."
    )
    expect(page.locator(".picture")).to_have_count(0)
    paste(page, "cat.png", "image/png", PNG)
    expect(page.locator(".picture")).to_contain_text("1 × 1")
    expect(page.get_by_text(f"{LLAMA_NAME} will not see images")).to_be_visible()
    one.photograph("/playground", "playground-picture")
    one.check()
    send(page, f"What is this? {marker}")
    for name in ("GPT-4o", LLAMA_NAME):
        expect(foot(page, name)).to_contain_text("Generation")
        expect(pane(page, name).locator(".answer").last).not_to_be_empty()
    bodies = {record["provider"]: json.dumps(record["body"]) for record in site.upstream(marker)}
    assert "data:image/png;base64," in bodies.pop("openai")
    assert bodies and not any("image" in body for body in bodies.values())
    picture = pane(page).get_by_role("img", name="A picture that was asked about")
    assert picture.evaluate("async (img) => { await img.decode(); return img.naturalWidth; }") == 1
    page.reload()
    expect(picture).to_be_visible()
    one.check()


def test_picture_without_words_goes_only_to_who_sees(at_play, site):
    page = at_play(GPT, LLAMA).page
    paste(page, "cat.png", "image/png", PNG)
    expect(page.get_by_text("Without words nothing is sent there")).to_be_visible()
    expect(page.get_by_text("for 1 model")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(foot(page)).to_contain_text("Generation")
    expect(pane(page, LLAMA_NAME).locator(".answer")).to_have_count(0)
    # Later another model goes on with it: it is told that there was a picture.
    marker = unique("blind")
    pane(page).get_by_role("button", name="switch model").click()
    page.get_by_role("dialog").get_by_label("Search models").fill("gpt-3.5-turbo")
    page.keyboard.press("Enter")
    send(page, f"What was it? {marker}")
    expect(foot(page, "GPT-3.5 Turbo")).to_contain_text("Generation")
    bodies = [record["body"] for record in site.upstream(marker)]
    said = [body["messages"][0]["content"] for body in bodies if body["model"].startswith("gpt")]
    assert said == ["(An image that you cannot see.)"]


def test_tool_is_called_and_answered_by_hand(at_play, site):
    one = at_play(GPT)
    page = one.page
    define_example_tool(page)
    marker = unique("weather")
    send(page, f"What is the weather like in Boston? {marker}")
    card = pane(page).locator(".tool-card")
    expect(card).to_contain_text("get_current_weather")
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(card.locator("pre")).to_contain_text('"location"')
    box = card.get_by_role("textbox", name="Result of get_current_weather")
    sunny = unique("sunny")
    box.fill(json.dumps({"temperature": 22, "unit": "celsius", "description": sunny}))
    one.photograph("/playground", "playground-tool")
    one.check()
    card.get_by_role("button", name="Use this result").click()
    expect(pane(page).locator(".answer").last).to_contain_text("22")
    expect(foot(page)).to_contain_text("Generation")
    wait_until(lambda: len(site.upstream(sunny)) == 1, "the request with the result")
    messages = site.upstream(sunny)[0]["body"]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]
    assert messages[2]["tool_call_id"] == messages[1]["tool_calls"][0]["id"]
    page.reload()
    expect(pane(page).locator(".answer").last).to_contain_text("22")
    one.check()


def make_object(one):
    page = one.page
    there = pane(page, "Shap-e")
    expect(there).to_contain_text("$0.01 per 32 steps")
    send(page, "a chair shaped like an avocado")
    expect(there.get_by_role("link", name="Download .ply")).to_be_visible()
    return there


def test_page_of_the_model_shows_the_last_object(at_play):
    one = at_play("openai/shap-e")
    page = one.open("/openai/shap-e")
    expect(page.get_by_role("link", name="Make one in the Playground")).to_be_visible()
    one.check()
    one.open("/playground?models=openai/shap-e")
    make_object(one)
    page = one.open("/openai/shap-e")
    expect(page.get_by_role("button", name="Wireframe")).to_be_enabled()
    expect(page.locator("#last-object canvas")).to_be_visible()
    one.check()
    one.photograph("/openai/shap-e", "model-media-object")


def stored(site, there):
    """The bytes that the server keeps of the object on the page."""
    href = there.get_by_role("link", name="Download .ply").get_attribute("href")
    file_id = href.rstrip("/").rpartition("/")[2]
    return base64.b64decode(site.desk("file", file_id=file_id)["data"])


def downloaded(there):
    with there.page.expect_download() as download:
        there.get_by_role("link", name="Download .ply").click()
    assert download.value.suggested_filename.endswith(".ply")
    return download.value.path().read_bytes()


def test_text_becomes_an_object(at_play, site):
    one = at_play(SHAP_E)
    there = make_object(one)
    canvas = there.get_by_role("application")
    expect(canvas).to_be_visible()
    before = canvas.screenshot()
    canvas.focus()
    for _ in range(4):
        one.page.keyboard.press("ArrowLeft")
    one.page.evaluate(
        "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
    )
    assert canvas.screenshot() != before
    expect(there.locator(".object-facts")).to_contain_text("faces")
    one.photograph("/playground", "playground-object")
    one.check()
    data = downloaded(there)
    assert data.startswith(b"ply\n") and data == stored(site, there)
    expect(foot(one.page, "Shap-e")).to_contain_text("$0.01")


def test_object_without_webgl_is_words_and_a_file(at_play, site):
    one = at_play(SHAP_E, before=_NO_WEBGL, width=390)
    there = make_object(one)
    expect(there.get_by_text("This browser cannot show 3D objects.")).to_be_visible()
    one.check()
    assert downloaded(there) == stored(site, there)
