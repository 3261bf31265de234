"""Show what is kept for how long, and remove what is kept no longer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from executions import services

_LOT = 1000


class Command(BaseCommand):
    """Beat does the same regularly; by hand it is for a look before, or for making room now."""

    help = (
        "Show what is kept for how long (LOGIDATA_STAGING_DAYS, LOGIDATA_LOG_DAYS, "
        "LOGIDATA_EXECUTION_DAYS, LOGIDATA_REVISION_DAYS, LOGIDATA_DRAFT_DAYS) and how much of it "
        "is due; nothing is removed without --remove."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--remove", action="store_true", help="remove what is due")

    def handle(self, *args: Any, remove: bool, **options: Any) -> None:
        """Print a line for every kind, and remove what is due if asked."""
        for kept in services.retention():
            since = f", the oldest of {kept.oldest:%Y-%m-%d}" if kept.oldest else ""
            self.stdout.write(
                f"{kept.what}: kept {kept.days:g} days ({kept.setting}), {kept.due:,} due{since}"
            )
        if not remove:
            self.stdout.write("Nothing is removed. Run it with --remove to do so.")
            return
        staged = unkept = 0
        while lot := services.remove_staging(at_most=_LOT):
            staged += lot
        while lot := services.remove_unkept(at_most=_LOT):
            unkept += lot
        self.stdout.write(
            f"Removed: staged data of {staged:,} executions, and {unkept:,} logs, executions, "
            "revisions and drafts."
        )
