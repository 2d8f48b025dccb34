"""What a picture of the Playground shows: four models, each as far as answers can be."""

from __future__ import annotations

from playground_steps import GPT, LLAMA, LLAMA_NAME, OPUS, ask, composer, pane
from playwright.sync_api import expect
from scripted_line import ScriptedLine

GOLIATH = "alpindale/goliath-120b"
PATH = f"/playground?models={GPT},{LLAMA},{OPUS},{GOLIATH}"
QUESTION = "Explain what an idempotency key is, with a short Python example."
ANSWER = """\
An **idempotency key** is a unique value the client attaches to a request so the server can \
recognise a retry and return the *original* result instead of doing the work twice.

```python
key = str(uuid4())
client.post("/charges",
  json={"amount": 500},
  headers={"Idempotency-Key": key})
```

If the network drops after the charge succeeds, sending the same key again is safe.
"""
STREAMING = (
    "Think of it as a receipt number you choose **before** paying. The server stores the key with"
    " the outcome; when the same key shows up again it replays the stored response"
)


def play(one):
    line = ScriptedLine(one.page)
    page = one.open(PATH)
    expect(page.locator("#play[data-ready]")).to_be_attached()
    composer(page).fill(QUESTION)
    expect(page.locator("#composer-estimate")).not_to_be_empty()
    starts = ask(page, line, QUESTION, panes=4)
    line.answer(starts[GPT], ANSWER)
    line.delta(line.accept(starts[LLAMA], "Together"), 3, STREAMING)
    line.say(type="run.processing", run=line.accept(starts[OPUS], "Anthropic"), elapsed_s=4)
    line.fail(
        starts[GOLIATH], 429, "Provider returned error", provider_name="Mancer",
        retry_after_seconds=20, raw="Too many requests, slow down",
    )  # fmt: skip
    expect(pane(page, LLAMA_NAME).get_by_text("replays the stored response")).to_be_attached()
    expect(page.locator(".error-card")).to_be_attached()
    # Colours of the code come when there is time.
    page.wait_for_timeout(1200)
    return page
