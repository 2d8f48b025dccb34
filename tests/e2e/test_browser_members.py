"""Members in a real browser: inviting, changing, removing, leaving, keys in another's account."""

from __future__ import annotations

import pytest
from gateway_process import unique
from playwright.sync_api import expect


class Account:
    """alice's, with bob in it; `session` is hers, `his` bob's."""

    def __init__(self, gateway):
        self.alice, self.bob = (f"{unique(name)}@example.com" for name in ("alice", "bob"))
        gateway.caller(credits="10", email=self.alice)
        gateway.caller(email=self.bob)
        gateway.desk(
            "command", name="add_member",
            arguments=["--owner", self.alice, "--email", self.bob, "--budget", "20",
                       "--budget-reset", "monthly"],
        )  # fmt: skip
        self.session = gateway.desk("session", email=self.alice)
        self.his = gateway.desk("session", email=self.bob)
        [found] = gateway.desk(
            "sql",
            query="SELECT m.id FROM accounts_member m JOIN accounts_user u ON u.id = m.user_id"
            f" WHERE u.email = '{self.bob}'",
        )
        self.member_id = found["id"]


@pytest.fixture
def account(gateway):
    return Account(gateway)


@pytest.mark.parametrize(
    ("who", "path"),
    [("session", "/settings/members"), ("session", "/settings/members/invite"),
     ("session", "/settings/members/{id}"), ("session", "/settings/members/{id}/remove"),
     ("his", "/settings/members"), ("his", "/settings/keys"),
     ("his", "/settings/memberships/{id}/leave")],
)  # fmt: skip
def test_page_of_members_has_no_fault_anywhere(everywhere, gateway, account, who, path):
    everywhere(gateway, path.format(id=account.member_id), session=getattr(account, who))


def test_person_is_invited_and_the_invitation_taken_back(person, gateway, account):
    one = person(gateway, session=account.session)
    page = one.open("/settings/members")
    page.get_by_role("link", name="Invite").click()
    page.get_by_label("E-mail address").fill("erin@example.com")
    page.get_by_label("Budget").fill("10")
    page.get_by_label("Resets").select_option("weekly")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.locator("#toasts")).to_contain_text("erin@example.com gets an e-mail")
    expect(page.get_by_role("row", name="erin@example.com")).to_contain_text("$10.00 weekly")
    one.check()
    page.get_by_role("button", name="Withdraw the invitation of erin@example.com").click()
    expect(page.get_by_role("row", name="erin@example.com")).to_have_count(0)


def test_budget_is_changed_and_member_removed_without_script(person, gateway, account):
    page = person(gateway, session=account.session, java_script_enabled=False).open(
        "/settings/members"
    )
    page.get_by_role("link", name=f"Edit {account.bob}").click()
    page.get_by_role("textbox", name="Budget").fill("7.5")
    page.get_by_label("Role").select_option("admin")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name=account.bob)
    expect(row).to_contain_text("$0 of $7.50")
    expect(row).to_contain_text("Admin")
    page.get_by_role("link", name=f"Edit {account.bob}").click()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name=f"Remove {account.bob}").click()
    expect(page.get_by_text("Only you")).to_be_visible()


def test_member_makes_a_key_there_and_leaves(person, gateway, account):
    one = person(gateway, session=account.his)
    page = one.open("/settings/keys")
    page.get_by_role("link", name="Create key there").click()
    dialog = page.get_by_role("dialog", name="Create key")
    dialog.get_by_label("Name", exact=True).fill("there")
    dialog.get_by_role("button", name="Create key").click()
    expect(page.get_by_text(f"spends the credits of {account.alice}")).to_be_visible()
    page.get_by_role("link", name="I stored it").click()
    table = page.get_by_role("group", name=account.alice)
    expect(table.get_by_role("link", name="there", exact=True)).to_be_visible()
    page = one.open("/settings/members")
    page.get_by_role("link", name="Leave").click()
    page.get_by_role("button", name="Leave the account").click()
    expect(page.locator("#toasts")).to_contain_text("You left the account")
    expect(one.open("/settings/keys").get_by_text(account.alice)).to_have_count(0)
