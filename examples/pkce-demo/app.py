"""Sign a user in and spend his own credits: OAuth PKCE in a program, by the standard library."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import sys
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request, urlopen

SITE = os.environ.get("SITE", "http://localhost:8000")


def post(path, body, headers=()):
    request = Request(f"{SITE}/api/v1{path}", json.dumps(body).encode(), dict(headers))
    with urlopen(request) as answer:
        return json.load(answer)


class Callback(BaseHTTPRequestHandler):
    def do_GET(self):
        answer = dict(parse_qsl(urlsplit(self.path).query))
        if answer.get("state") == state:
            self.server.answer = answer
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You can close this window.")

    def log_message(self, *_):
        """Nothing: the line would have the code in it."""


verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
digest = hashlib.sha256(verifier.encode()).digest()
server = HTTPServer(("127.0.0.1", 0), Callback)
asked = {
    "callback_url": f"http://127.0.0.1:{server.server_port}/callback",
    "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
    "state": state,
    "key_label": "PKCE demo",
    "limit": "1",
}
link = f"{SITE}/auth?{urlencode(asked)}"
print("Open this link to connect your account:", link, sep="\n", flush=True)
webbrowser.open(link)
server.answer = {}
while not server.answer:
    server.handle_request()
if "code" not in server.answer:
    sys.exit(f"You did not agree: {server.answer.get('error')}")

key = post("/auth/keys", {"code": server.answer["code"], "code_verifier": verifier})["key"]
messages = [{"role": "user", "content": "Say hello to a new user."}]
answer = post(
    "/chat/completions",
    {"model": "openai/gpt-3.5-turbo", "messages": messages},
    {"Authorization": f"Bearer {key}", "X-Title": "PKCE demo"},
)
print(answer["choices"][0]["message"]["content"])
