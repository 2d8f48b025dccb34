"""A person with a browser, as far as HTTP goes: a session, cookies, forms. It follows nothing."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from wire_client import request

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Visitor:
    """`caller` None: not signed in."""

    def __init__(self, gateway, caller=None):
        self.gateway = gateway
        self.cookies = {}
        if caller is not None:
            self.cookies["sessionid"] = gateway.desk("session", user_id=caller.user_id)

    def get(self, path):
        return self._send("GET", path)

    def submit(self, path, **fields):
        """The form of this page, filled in: its token is read from the page."""
        page = self.get(path)
        assert page.status == 200, page.body
        fields["csrfmiddlewaretoken"] = _TOKEN.search(page.body.decode())[1]
        return self.post(path, **fields)

    def post(self, path, **fields):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, urlencode(fields).encode(), form)

    def _send(self, method, path, body=None, headers=None):
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = request(self.gateway, method, path, body, {"Cookie": cookies, **(headers or {})})
        for name, value in re.findall(
            r"(?:^|, )(\w+)=([^;]*);", answer.headers.get("set-cookie", "")
        ):
            self.cookies[name] = value
        return answer


def agree(visitor, path, **choices):
    """Authorize on the consent page: the address that the app gets its answer at."""
    form = {"limit": "5", "period": "", "lifetime": "none", "authorize": "", **choices}
    answer = visitor.submit(path, **form)
    assert answer.status == 303, answer.body
    return answer.headers["location"]
