"""Issue an API token for a user, or see whether one still serves."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.models import get_token_model
from rest_framework.exceptions import AuthenticationFailed

LASTS_AT_LEAST = timedelta(days=1)


class Command(BaseCommand):
    """For scripts: prints the token and nothing else."""

    help = (
        "Print a new API token of a user. With --check, issue none: exit with 0 if that token is "
        "the user's and valid for another day at least, else with 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--username", required=True)
        parser.add_argument("--check", metavar="TOKEN", help="A token to check.")

    def handle(self, *args: Any, username: str, check: str | None = None, **options: Any) -> None:
        """Print a token, or raise CommandError."""
        user = get_user_model().objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(
                f"There is no active user '{username}'. Create one with create_operator."
            )
        if check is None:
            _, token = get_token_model().objects.create(user=user)
            self.stdout.write(token)
        elif not _serves(check, user):
            raise CommandError(
                "The token is unknown, another user's, or ends within a day. Issue a new one."
            )


def _serves(token: str, user: Any) -> bool:
    try:
        owner, stored = TokenAuthentication().authenticate_credentials(token.encode())
    except AuthenticationFailed:
        return False
    ends = stored.expiry
    return owner == user and (ends is None or ends > timezone.now() + LASTS_AT_LEAST)
