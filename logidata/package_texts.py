"""Texts that packages say in English only, or not well, for the catalogues to have."""

from django.utils.translation import gettext_noop as _

UNFOLD = (
    _(
        "Raw passwords are not stored, so there is no way to see this "
        "user’s password, but you can change the password using "  # noqa: RUF001 - its own text
        '<a href="{}" class="text-primary-600 dark:text-primary-500">this form</a>.'
    ),
    _("Add new item"),
    _("Add row"),
    _("After you've created a user, you’ll be able to edit more user options."),  # noqa: RUF001
    _("All applications"),
    _("Apply Filters"),
    _("Cancel"),
    _("Choose file to upload"),
    _("Click to cancel"),
    _("Collapse"),
    _("Dark"),
    _("Date from"),
    _("Date to"),
    _("Edit"),
    _("Expand row"),
    _("False"),
    _("Forgotten your password or username?"),
    _("General"),
    _("Go back"),
    _("Light"),
    _("Loading more results..."),
    _("More actions"),
    _("New"),
    _("Next"),
    _("No data"),
    _("No recent searches"),
    _("No results found"),
    _("No results matching your query"),
    _("Object"),
    _("Previous"),
    _("Recent searches"),
    _("Reset filters"),
    _("Return to site"),
    _("Run"),
    _("Search apps and models..."),
    _("Select action"),
    _("Select action to run"),
    _("Select all rows"),
    _("Select record"),
    _("Select value"),
    _("Submit"),
    _("System"),
    _("This item will be deleted."),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Toggle password visibility"),
    _("True"),
    _("Type to search"),
    _("Value"),
    _("You have been successfully logged out from the administration"),
)
# Its French has faults.
CELERY_BEAT = (
    _("Periodic Tasks"),
    _("periodic tasks"),
    _("interval"),
    _("intervals"),
    _("Interval Period"),
    _("Disable selected tasks"),
    _("Enable selected tasks"),
    _("Run selected tasks"),
)
