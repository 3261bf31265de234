"""The Django app that tells people how executions went."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    """Alerts: channels, the rules of what goes to them, and what was sent."""

    name = "alerts"
    verbose_name = _("Alerts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have every end of an execution noted, in the transaction that ends it."""
        # Not before: models can be imported only once the apps are there.
        from alerts.services.outbox import note_end
        from executions.transitions import tell_of_ends

        tell_of_ends(note_end)
