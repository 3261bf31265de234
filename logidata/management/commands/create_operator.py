"""Make a user who may sign in to the admin, or bring an existing one up to date."""

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from logidata.groups import OPERATORS, make_groups


class Command(BaseCommand):
    """Repeating it changes nothing."""

    help = (
        "Create a user of the admin and the API, or update one. Without --superuser the user "
        f"joins the group '{OPERATORS}', which may do everything with pipelines, executions and "
        "alerts."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments; the password comes through the environment, never in `ps`."""
        parser.add_argument("--username", required=True)
        parser.add_argument(
            "--password-env",
            required=True,
            metavar="NAME",
            help="The environment variable that holds the password.",
        )
        parser.add_argument("--superuser", action="store_true", help="May do everything.")

    @transaction.atomic
    def handle(self, *args: Any, username: str, password_env: str, **options: Any) -> None:
        """Create or update the user; raise CommandError where the password is missing."""
        password = os.environ.get(password_env)
        if not password:
            raise CommandError(f"Set the environment variable {password_env} to the password.")
        user, created = get_user_model().objects.get_or_create(username=username)
        user.is_staff = user.is_active = True
        user.is_superuser = user.is_superuser or bool(options["superuser"])
        # Only where it differs: setting it ends the user's sessions.
        if not user.check_password(password):
            user.set_password(password)
        user.save()
        if not options["superuser"]:
            self._join_operators(user)
        self.stdout.write(f"{'Created' if created else 'Updated'} user {username}.")

    def _join_operators(self, user: User) -> None:
        # It may have been deleted since the last migration.
        make_groups()
        user.groups.add(Group.objects.get(name=OPERATORS))
