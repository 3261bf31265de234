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
    _("More actions"),
    _("New"),
    _("Next"),
    _("No data"),
    _("No recent searches"),
    _("No results found"),
    _("Object"),
    _("Previous"),
    _("Recent searches"),
    _("Reset filters"),
    _("Return to site"),
    _("Run"),
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
# Django's own French is too long for the row of buttons.
DJANGO = (
    _("Save and add another"),
    _("Save and continue editing"),
)
# What migrations have named.
PERIODIC_TASKS = (
    _("Copy logs of ended nodes"),
    _("Look for executions that take too long"),
    _("Look for schedules that were missed"),
    _("Reconcile deployments"),
    _("Remove old deliveries of alerts"),
    _("Remove old logs, executions and revisions"),
    _("Remove old staged data"),
    _("Resume deployments"),
    _("Send alerts"),
    _("Sync executions with Airflow"),
)
# Its French has faults.
CELERY_BEAT = (
    _("Periodic Tasks"),
    _("periodic tasks"),
    _("interval"),
    _("intervals"),
    _("every {} {}"),
    _("Interval Period"),
    _("Number of Periods"),
    _("Minute(s)"),
    _('Cron Minutes to Run. Use "*" for "all". (Example: "0,30")'),
    _("Hour(s)"),
    _('Cron Hours to Run. Use "*" for "all". (Example: "8,20")'),
    _("Day(s) Of The Month"),
    _('Cron Days Of The Month to Run. Use "*" for "all". (Example: "1,15")'),
    _("Month(s) Of The Year"),
    _('Cron Months (1-12) Of The Year to Run. Use "*" for "all". (Example: "1,12")'),
    _("Day(s) Of The Week"),
    _(
        'Cron Days Of The Week to Run. Use "*" for "all", Sunday is 0 or 7, Monday is 1. '
        '(Example: "0,5")'
    ),
    _("Cron Timezone"),
    _("Timezone to Run the Cron Schedule on. Default is UTC."),
    _("Periodic Tasks Using This Schedule"),
    _("Task (custom)"),
    _("Set to False to disable the schedule"),
    _("Detailed description about the details of this Periodic Task"),
    _("Disable selected tasks"),
    _("Enable selected tasks"),
    _("Run selected tasks"),
)
