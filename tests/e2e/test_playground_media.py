"""Pictures, tools, votes and 3D objects, each by itself on a stage."""

from __future__ import annotations

import base64

import pytest
from answers import stage
from pictures import GIF, PNG
from playwright.sync_api import expect

from simulator.mesh import ply

# x, y, z of three points, and no faces.
CLOUD = (
    b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
    b"property float z\nend_header\n0 0 0\n1 0 0\n0 1 1\n"
)
# Pixels of the canvas that are not the background, and a sum that changes with the view.
_LOOK = """() => {
    const object = document.querySelector("x-object");
    const flat = document.createElement("canvas");
    [flat.width, flat.height] = [160, 120];
    const context = flat.getContext("2d");
    object.scene.draw();
    context.drawImage(object.scene.canvas, 0, 0, 160, 120);
    const { data } = context.getImageData(0, 0, 160, 120);
    let seen = 0;
    let sum = 0;
    for (let at = 3; at < data.length; at += 4) {
        if (data[at]) seen += 1;
        sum = (sum * 31 + data[at] + data[at - 1]) % 1000003;
    }
    return [seen, sum];
}"""


@pytest.fixture
def one(person, workshop):
    return stage(person, workshop)


# ---- Objects


def object_page(one, data, status=200, alt="a chair shaped like an avocado"):
    page = one.page
    page.route(
        "**/made.ply",
        lambda route: route.fulfill(status=status, body=data, content_type="model/ply"),
    )
    page.evaluate(
        """async (alt) => {
            const { viewer } = await import("playground/viewer3d");
            window.stage.place.append(viewer({ url: "/made.ply", alt, name: "chair.ply" }));
        }""",
        alt,
    )
    return page


def test_object_is_seen_turned_and_kept(one):
    page = object_page(one, ply("a chair shaped like an avocado"))
    canvas = page.get_by_role("application", name="a chair shaped like an avocado")
    expect(canvas).to_be_visible()
    expect(page.locator(".object-facts")).to_contain_text("vertices")
    looks = [page.evaluate(_LOOK)]
    assert looks[0][0] > 2000
    canvas.focus()
    for key in ("ArrowLeft", "ArrowUp", "+", "-", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        looks.append(page.evaluate(_LOOK))
        assert looks[-1] != looks[-2], key
    page.get_by_role("button", name="Reset").click()
    assert page.evaluate(_LOOK) == looks[0]
    for name in ("Wireframe", "Points"):
        button = page.get_by_role("button", name=name)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        assert page.evaluate(_LOOK) not in looks
        button.click()
    assert page.evaluate(_LOOK) == looks[0]
    one.check()


def test_cloud_of_points_is_seen(one):
    page = object_page(one, CLOUD)
    expect(page.locator(".object-facts")).to_contain_text("3 vertices, 1 kB")
    expect(page.get_by_role("button", name="Wireframe")).to_be_disabled()
    assert page.evaluate(_LOOK)[0] > 0


def test_removed_objects_free_their_engine(one):
    page = object_page(one, ply("a box"))
    expect(page.locator("x-object canvas")).to_be_visible()
    lost = page.evaluate("""() => new Promise((done) => {
        const object = document.querySelector("x-object");
        object.scene.canvas.addEventListener("webglcontextlost", () => done(true));
        object.remove();
    })""")
    assert lost is True
    # Put back, it is there again.
    object_page(one, ply("a box"))
    expect(page.locator("x-object canvas")).to_be_visible()


def test_without_webgl_there_are_words_and_the_file(person, workshop):
    one = stage(person, workshop)
    one.page.evaluate("HTMLCanvasElement.prototype.getContext = () => null")
    page = object_page(one, ply("a chair"))
    expect(page.get_by_text("3D object: a chair shaped like an avocado")).to_be_visible()
    expect(page.get_by_text("This browser cannot show 3D objects.")).to_be_visible()
    expect(page.get_by_role("button", name="Reset")).to_be_disabled()
    kept = page.get_by_role("link", name="Download .ply")
    expect(kept).to_have_attribute("href", "/made.ply")
    expect(kept).to_have_attribute("download", "chair.ply")


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"gone", 404, "the server answered 404"),
        (CLOUD.replace(b"vertex 3", b"vertex 0"), 200, "holds no object"),
        (b"not a ply at all", 200, "holds no object"),
        (ply("a box")[:5000], 200, "cannot be shown"),
    ],
    ids=["missing", "empty", "other", "cut"],
)
def test_objects_that_cannot_be_shown_say_why(one, data, status, words):
    page = object_page(one, data, status)
    expect(page.locator(".object-words")).to_contain_text(words)


def test_objects_that_are_too_large_are_not_taken_in(one):
    one.page.evaluate(
        "() => { window.fetch = async () => new Response(new Uint8Array(25 * 1024 * 1024 + 1)); }"
    )
    page = object_page(one, b"")
    expect(page.locator(".object-words")).to_contain_text("larger than 25.0 MB")
    expect(page.get_by_role("link", name="Download .ply")).to_be_visible()


# ---- Pictures


@pytest.fixture
def pictures(one):
    one.page.evaluate("""async () => {
        const { Pictures } = await import("playground/images");
        const form = document.createElement("form");
        form.innerHTML = `<label>Say <textarea class="input"></textarea></label>
            <div id="strip"></div>`;
        window.stage.place.append(form);
        window.sent = [];
        window.pictures = new Pictures({
            input: form.querySelector("textarea"), strip: form.querySelector("#strip"),
            upload: async (blob) => {
                const bitmap = await createImageBitmap(blob);
                window.sent.push([blob.type, bitmap.width, bitmap.height]);
                if (window.refusal) throw new Error(window.refusal);
                return { id: `file-${window.sent.length}`, url: "/x" };
            },
        });
        window.changes = 0;
        window.pictures.addEventListener("change", () => { window.changes += 1; });
        // How a file comes: by paste or by drop.
        window.give = async (kind, name, type, data) => {
            const known = data && Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
            const bytes = known || await drawn(type);
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type }));
            const how = { bubbles: true, cancelable: true };
            const event = kind === "paste"
                ? new ClipboardEvent("paste", { clipboardData: transfer, ...how })
                : new DragEvent("drop", { dataTransfer: transfer, ...how });
            form.querySelector("textarea").dispatchEvent(event);
        };
        const drawn = (type) => new Promise((done) => {
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [3136, 1000];
            canvas.getContext("2d").fillRect(0, 0, 900, 900);
            canvas.toBlob(done, type);
        });
    }""")
    return one.page


def given(page, kind, name, type, data=None):
    text = base64.b64encode(data).decode() if data else None
    page.evaluate("(what) => window.give(...what)", [kind, name, type, text])


def test_pictures_are_pasted_dropped_made_smaller_and_removed(one, pictures):
    page = pictures
    given(page, "paste", "tiny.png", "image/png", PNG)
    expect(page.locator(".picture-note").first).to_have_text("1 × 1, 1 kB")
    for count, kind in enumerate(("jpeg", "webp"), start=2):
        given(page, "drop", f"wide.{kind}", f"image/{kind}")
        # One by one: two at once may be ready in either order.
        page.wait_for_function("count => window.sent.length === count", arg=count)
    expect(page.locator(".picture")).to_have_count(3)
    expect(page.locator(".picture-note").last).to_contain_text("1568 × 500")
    expect(page.locator(".picture-note").last).to_contain_text("was 3136 × 1000")
    page.wait_for_function("() => !window.pictures.is_busy")
    assert page.evaluate("window.sent") == [
        ["image/png", 1, 1], ["image/jpeg", 1568, 500], ["image/webp", 1568, 500],
    ]  # fmt: skip
    one.check()
    page.get_by_role("button", name="Remove wide.jpeg").click()
    assert page.evaluate("window.pictures.parts()") == [
        {"type": "image_url", "image_url": {"url": f"attachment:file-{number}"}}
        for number in (1, 3)
    ]
    page.evaluate("window.pictures.clear()")
    expect(page.locator(".picture")).to_have_count(0)
    assert page.evaluate("[window.pictures.count, window.changes > 4]") == [0, True]


@pytest.mark.parametrize(
    ("name", "type", "data", "words"),
    [
        (
            "cat.gif",
            "image/gif",
            GIF,
            "cat.gif is a GIF picture. Pictures must be PNG, JPEG or WebP.",
        ),
        ("cat.png", "image/png", GIF, "cat.png is a GIF picture."),
        ("cat.svg", "image/svg+xml", b"<svg></svg>", "cat.svg is an SVG picture."),
        ("cat.txt", "text/plain", b"meow", "cat.txt is no picture that models take."),
    ],
)
def test_other_files_are_refused_with_what_is_taken(pictures, name, type, data, words):
    given(pictures, "paste", name, type, data)
    expect(pictures.locator(".pictures-refusal")).to_contain_text(words)
    expect(pictures.locator(".picture")).to_have_count(0)
    # The next one that is taken takes the words away.
    given(pictures, "paste", "fine.png", "image/png", PNG)
    expect(pictures.locator(".pictures-refusal")).to_have_count(0)


def test_damaged_and_refused_pictures_say_so_and_are_not_sent(pictures):
    given(pictures, "paste", "half.png", "image/png", PNG[:20])
    expect(pictures.locator(".picture-note")).to_have_text(
        "half.png cannot be read: the file is damaged."
    )
    pictures.evaluate("window.refusal = 'The server has no room.'")
    given(pictures, "paste", "whole.png", "image/png", PNG)
    expect(pictures.locator(".picture-note").last).to_have_text("The server has no room.")
    assert pictures.evaluate("window.pictures.parts()") == []
    assert pictures.evaluate("window.pictures.is_busy") is False


def test_addresses_of_pictures_are_not_followed_here(one, pictures):
    page = pictures
    page.evaluate("window.pictures.add_address(' https://example.com/cat.png ')")
    page.evaluate(
        f"window.pictures.add_address('data:image/png;base64,{base64.b64encode(PNG).decode()}')"
    )
    page.wait_for_function("() => window.sent.length === 1 && !window.pictures.is_busy")
    urls = page.evaluate("window.pictures.parts().map((part) => part.image_url.url)")
    assert urls == ["https://example.com/cat.png", "attachment:file-1"]
    for address, words in (
        ("ftp://example.com/x.png", "begins with https://"),
        ("https://example.com/x.gif?y", "x.gif is not taken. Pictures must be PNG"),
        ("data:text/plain,x", "begins with data:image/png;base64"),
    ):
        page.evaluate("(address) => window.pictures.add_address(address)", address)
        expect(page.locator(".pictures-refusal")).to_contain_text(words)
    assert one.watch.foreign == []
    page.evaluate(
        """() => {
            const many = Array.from({ length: 9 }, (_, at) => `https://example.com/${at}`);
            for (const address of many) window.pictures.add_address(address);
        }"""
    )
    expect(page.locator(".pictures-refusal")).to_have_text(
        "A question takes at most 8 pictures here."
    )


# ---- Tools


def editor(page, tools=()):
    page.evaluate(
        """async (tools) => {
            const { openToolsEditor } = await import("playground/tools");
            window.saved = "open";
            openToolsEditor(tools).then((saved) => { window.saved = saved; });
        }""",
        list(tools),
    )
    return page.get_by_role("dialog", name="Tools")


def test_tools_are_written_checked_and_saved(one):
    page = one.page
    dialog = editor(page)
    box = dialog.get_by_role("textbox")
    expect(box).to_be_focused()
    box.fill('[{"type": "function",\n "function": {"name": "a b",}}]')
    expect(dialog.get_by_role("status")).to_contain_text("Line 2 is not JSON")
    box.fill(
        '[{"type": "function", "function": {"name": "a b", "parameters": {"type": "object",'
        ' "properties": {"x": {"type": "text"}}, "required": ["y"]}}}]'
    )
    for words in (
        "tools[0].function.name must be 1 to 64 letters",
        'properties.x.type is "text"; JSON Schema knows string, number',
        'required names "y", which properties do not have',
    ):
        expect(dialog.get_by_role("status")).to_contain_text(words)
    dialog.get_by_role("button", name="Save tools").click()
    expect(dialog).to_be_visible()
    one.check()
    box.fill("")
    dialog.get_by_role("button", name="Add an example").click()
    expect(dialog.get_by_role("status")).to_have_text("Fine: get_current_weather")
    dialog.get_by_role("button", name="Save tools").click()
    expect(dialog).to_be_hidden()
    page.wait_for_function("() => Array.isArray(window.saved)")
    (tool,) = page.evaluate("window.saved")
    assert tool["function"]["name"] == "get_current_weather"


def test_tools_stay_as_they_are_when_the_editor_is_left(one):
    page = one.page
    dialog = editor(page, [{"type": "function", "function": {"name": "now"}}])
    expect(dialog.get_by_role("textbox")).to_have_value(
        '[\n  {\n    "type": "function",\n    "function": {\n      "name": "now"\n    }\n  }\n]'
    )
    page.keyboard.press("Escape")
    page.wait_for_function("() => window.saved === null")
    # A bare function, as documentation shows it, is meant as a tool.
    dialog = editor(page)
    dialog.get_by_role("textbox").fill('{"name": "now", "parameters": {"type": "object"}}')
    dialog.get_by_role("button", name="Save tools").click()
    page.wait_for_function("() => Array.isArray(window.saved)")
    assert page.evaluate("window.saved") == [
        {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}
    ]


def test_tool_call_opens_by_keys_and_takes_a_result(one):
    page = one.page
    page.evaluate("""async () => {
        const { toolCard } = await import("playground/tools");
        const name = "get_current_weather";
        const call = { id: "call_1", type: "function", function: { name, arguments: '{"loc' } };
        const card = toolCard(call, { onResult: (text) => { window.result = text; } });
        window.stage.place.append(card);
        card.update({ ...call, function: { name, arguments: '{"location":"Boston, MA"}' } });
    }""")
    card = page.locator(".tool-card")
    arguments = card.locator("pre")
    expect(arguments).to_be_hidden()
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(arguments).to_have_text('{\n  "location": "Boston, MA"\n}')
    page.keyboard.press("Space")
    expect(arguments).to_be_hidden()
    page.keyboard.press("Space")
    card.get_by_role("button", name="Use this result").click()
    expect(card.get_by_role("status")).to_have_text("Write what the tool says first.")
    box = card.get_by_role("textbox", name="Result of get_current_weather")
    expect(box).to_be_focused()
    box.fill('{"temperature": 22}')
    one.check()
    box.press("Control+Enter")
    assert page.evaluate("window.result") == '{"temperature": 22}'


# ---- Votes


@pytest.mark.parametrize(
    ("count", "press", "vote"),
    [
        (2, "B", {"outcome": "best", "best": "y/1", "run": "r1"}),
        (2, "Tie", {"outcome": "tie", "best": None, "run": None}),
        (3, "All bad", {"outcome": "bad", "best": None, "run": None}),
    ],
)
def test_vote_is_cast_once(one, count, press, vote):
    page = one.page
    page.evaluate(
        """async (count) => {
            const { voteBar } = await import("playground/votes");
            const run = (_, at) => ({ id: `r${at}`, model: `y/${at}` });
            const runs = Array.from({ length: count }, run);
            window.votes = [];
            window.stage.place.append(voteBar({ runs, onVote: (vote) => window.votes.push(vote) }));
        }""",
        count,
    )
    bar = page.get_by_role("group", name="Which answer is the best?")
    expect(bar.get_by_role("button")).to_have_count(count + 2)
    button = bar.get_by_role("button", name=press, exact=True)
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_disabled()
    assert page.evaluate("window.votes") == [vote]
    one.check()
