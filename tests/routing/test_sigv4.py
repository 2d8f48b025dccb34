"""Our signatures are those of AWS's own signer, and those of AWS's own examples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from routing.sigv4 import host, sign

NOW = datetime(2015, 8, 30, 12, 36, 0, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
MODEL = "anthropic.claude-3-sonnet-20240229-v1%3A0"
URL = f"https://bedrock-runtime.us-east-1.amazonaws.com/model/{MODEL}/converse"


def ours(method="POST", url=URL, headers=None, body=b"{}", **given):
    defaults = {
        "access_key": "AKIDEXAMPLE", "secret_key": SECRET, "session_token": None,
        "region": "us-east-1", "service": "bedrock", "now": NOW,
    }  # fmt: skip
    return sign(method, url, headers or {}, body, **(defaults | given))


class Signer(botocore.auth.SigV4Auth):
    """Theirs at a time of ours."""

    def _set_necessary_date_headers(self, request):
        request.context["timestamp"] = "20150830T123600Z"
        request.headers["X-Amz-Date"] = request.context["timestamp"]


def theirs(method, url, headers, body, token):
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    Signer(Credentials("AKIDEXAMPLE", SECRET, token), "bedrock", "us-east-1").add_auth(request)
    return request.headers["Authorization"]


def test_the_example_of_the_documentation():
    # AWS, "Signature Version 4 test suite": get-vanilla.
    added = ours("GET", "https://example.amazonaws.com/", body=b"", service="service")
    assert added == {
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": "AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    }


SEGMENTS = st.lists(
    st.sampled_from(["model", MODEL, "a%2Fb", "x~y", ".", "..", "", "%20", "a+b", "(c)"]),
    max_size=6,
)
QUERIES = st.lists(
    st.tuples(st.sampled_from("abAB-"), st.sampled_from(["", "1", "%2F", "x%20y"])), max_size=4
)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Accept", "User-Agent", "X-Custom", "x-amz-meta"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
)


@given(
    st.sampled_from(["GET", "POST", "put"]),
    st.sampled_from(
        ["https://a.example", "http://b.example:80", "https://C.example:8443", "http://[::1]:9"]
    ),
    SEGMENTS, QUERIES, HEADERS, st.binary(max_size=50), st.sampled_from([None, "to/ken+=="]),
)  # fmt: skip
def test_any_request_is_signed_as_aws_signs_it(
    method, origin, segments, pairs, headers, body, token
):
    query = "&".join(f"{name}={value}" for name, value in pairs)
    url = f"{origin}/{'/'.join(segments)}{'?' if query else ''}{query}"
    added = ours(method, url, headers, body, session_token=token)
    assert added["Authorization"] == theirs(method, url, headers, body, token)
    assert added.get("X-Amz-Security-Token") == token


def test_the_time_is_that_of_greenwich():
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    assert ours(now=elsewhere) == ours()


def test_the_host_is_without_the_usual_port():
    assert host("https://Example.com:443/x") == "example.com"
    assert host("http://127.0.0.1:8001/x") == "127.0.0.1:8001"


def test_the_secret_is_in_nothing_that_is_sent():
    assert SECRET not in str(ours())
