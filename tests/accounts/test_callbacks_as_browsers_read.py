"""The host on the consent page is the host that a browser goes to, whatever an app writes."""

from __future__ import annotations

import json
import random
import subprocess

from accounts import callbacks

_SEEDS = (
    "https://app.example/cb?x=1", "http://localhost:3000/cb", "http://127.0.0.1:8484/callback",
    "http://[::1]:80/", "https://203.0.113.7:443/a/../b", "https://[2001:db8::1]/?a=[1]",
    "https://xn--bcher-kva.example:8443/%2e%2e/%5c", "https://user:pass@app.example:1/",
)  # fmt: skip
_PIECES = (
    "@", ":", "/", "//", "\\", "?", "#", "[", "]", ".", "..", "%", "%2f", "%00", "%40", "\t", "\n",
    "\r", "\x00", " ", "。", "ü", "\u00ad", "0x7f", "0177", "127.1", "localhost", "evil.example",
    "://", "https:", "http:", "javascript:", "&", "=", ";", "+", "'", '"', "<", "_", "-", "1",
    "443",
)  # fmt: skip
# What a browser makes of each: the standard is one (WHATWG URL), and node has it.
_READ = """
const said = JSON.parse(require("fs").readFileSync(0)).map((text) => {
  if (!URL.canParse(text)) return ["no address", ""];
  const url = new URL(text);
  return [url.origin, url.username + url.password + url.hash];
});
process.stdout.write(JSON.stringify(said));
"""


def changed(rng):
    """A callback address with some pieces put in, left out or doubled."""
    url = rng.choice(_SEEDS)
    for _ in range(rng.randint(0, 4)):
        place = rng.randrange(len(url) + 1)
        url = url[:place] + rng.choice(_PIECES) + url[place + rng.choice((0, 0, 0, 1, 3)) :]
    return url


def test_accepted_addresses_mean_the_same_to_browsers(tool):
    rng = random.Random(7636)
    accepted = {}
    for _ in range(60_000):
        try:
            found = callbacks.parse(changed(rng))
        except callbacks.BadCallback:
            continue
        accepted[found.url] = found.origin
        accepted[found.with_answer(code="auth_code_x", state="a b&c#d")] = found.origin
    assert len(accepted) > 1_000
    done = subprocess.run(
        [tool("node"), "-e", _READ], input=json.dumps(list(accepted)), capture_output=True,
        text=True, timeout=60, check=True,
    )  # fmt: skip
    for url, origin, (seen, rest) in zip(
        accepted, accepted.values(), json.loads(done.stdout), strict=True
    ):
        # Browsers also refuse some names in punycode: then nobody gets anything.
        if seen != "no address" or "//xn--" not in origin:
            assert (seen, rest) == (origin, ""), url
