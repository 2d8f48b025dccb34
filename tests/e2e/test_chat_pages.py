"""The pages beside the Playground in a real browser: a shared chat, the links, the leaderboard."""

from __future__ import annotations

import pytest
from gateway_process import unique
from playwright.sync_api import expect


class Account:
    def __init__(self, gateway):
        caller = gateway.caller(credits="10", email=f"{unique('alice')}@example.com")
        self.session = gateway.desk("session", user_id=caller.user_id)
        self.user_id = caller.user_id


@pytest.fixture
def account(gateway):
    return Account(gateway)


@pytest.mark.parametrize("path", ["/playground/shared", "/playground/leaderboard"])
@pytest.mark.parametrize("is_empty", [True, False])
def test_page_of_ones_own_has_no_fault_anywhere(everywhere, gateway, account, path, is_empty):
    if not is_empty:
        gateway.desk("kept_chat", user_id=account.user_id)
    name = f"{path.rpartition('/')[2]}-{'empty' if is_empty else 'full'}"
    everywhere(gateway, path, session=account.session, name=name)


def test_shared_chat_has_no_fault_anywhere(everywhere, gateway, account):
    token = gateway.desk("kept_chat", user_id=account.user_id)
    everywhere(gateway, f"/s/{token}", name="shared-chat")


def test_link_is_open_to_all_until_its_owner_revokes_it(person, gateway, account):
    token = gateway.desk("kept_chat", user_id=account.user_id)
    reader = person(gateway)
    page = reader.open(f"/s/{token}")
    expect(page.get_by_role("heading", name="What is a chair?")).to_be_visible()
    picture = page.get_by_role("img", name="Picture 1 of this message").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 1
    reader.check()

    owner = person(gateway, session=account.session)
    mine = owner.open("/playground/shared")
    mine.get_by_role("button", name="Revoke the link to What is a chair?").click()
    expect(mine.locator("#toasts")).to_contain_text("shows nothing any more")
    expect(mine.get_by_role("heading", name="You shared no chat")).to_be_visible()
    reader.open(f"/s/{token}", 404)
