"""manage.py add_member: let a person use another's account, without an invitation."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import keys, members
from accounts.member_rows import Role
from accounts.models import Member, User
from billing.key_limits import set_member_budget
from billing.management.arguments import add_limit, address, limit_of, user_of
from billing.operator import command_actor


class Command(BaseCommand):
    help = (
        "Let a person use another's account: with keys of their own, under its credits. Prints a"
        " management key with which they make those keys; it is shown this once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--owner", required=True, help="e-mail address of the account")
        parser.add_argument("--email", required=True, help="who becomes a member; made if new")
        parser.add_argument("--role", choices=Role.values, default=Role.MEMBER.value)
        add_limit(parser, "--budget", "they")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = user_of(options["owner"], "--owner")
        budget_nano, period = limit_of(options, "--budget")
        member = self._member(owner, address("--email", options["email"]), options["role"])
        set_member_budget(member, budget_nano, period, actor=command_actor())
        _, key = keys.create(owner, "Management", is_management=True, member=member)
        self.stdout.write(key)

    def _member(self, owner: User, email: str, role: str) -> Member:
        if email == owner.email.lower():
            raise CommandError("--email is the owner's own address")
        user = User.objects.filter(email=email).first() or User.objects.create_user(email)
        return members.add(owner, user, role, actor=command_actor())
