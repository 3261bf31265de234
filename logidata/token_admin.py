"""The API's tokens in the admin, by the name that they have everywhere else."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from knox.admin import AuthTokenAdmin as AnyAuthTokenAdmin
from knox.models import AuthToken
from unfold.admin import ModelAdmin

# The package has its model's names in English only.
AuthToken._meta.verbose_name = gettext_lazy("API token")
AuthToken._meta.verbose_name_plural = gettext_lazy("API tokens")
for field, name in {
    "token_key": gettext_lazy("begins with"),
    "user": gettext_lazy("user"),
    "created": gettext_lazy("created"),
    "expiry": gettext_lazy("valid until"),
}.items():
    AuthToken._meta.get_field(field).verbose_name = name

admin.site.unregister(AuthToken)


@admin.register(AuthToken)
class AuthTokenAdmin(AnyAuthTokenAdmin, ModelAdmin):
    """Tokens for the API: made and revoked here, and never shown again."""

    list_display = ("token_key", "user", "created", "expiry")
    list_select_related = ("user",)
    search_fields = ("token_key", "user__username")
    raw_id_fields = ()
    autocomplete_fields = ("user",)
    empty_hint = gettext_lazy("Programs sign in to the API with a token of one of the users.")

    def has_change_permission(self, request: HttpRequest, obj: AuthToken | None = None) -> bool:
        """Refuse: a token is revoked by deleting it."""
        return False

    def get_fields(self, request: HttpRequest, obj: AuthToken | None = None) -> Any:
        """Return what is asked for of a new token, or known of one."""
        return ("user", "expiry") if obj is None else self.list_display

    def get_form(self, request: HttpRequest, obj: AuthToken | None = None, **kwargs: Any) -> Any:
        """Say what an empty field means."""
        form = super().get_form(request, obj, **kwargs)
        if "expiry" in form.base_fields:
            form.base_fields["expiry"].help_text = _("Empty: until it is deleted.")
        return form

    def save_model(self, request: HttpRequest, obj: AuthToken, form: Any, change: bool) -> None:
        """Save, and show the token this once: only its hash is kept."""
        super(AnyAuthTokenAdmin, self).save_model(request, obj, form, change)
        shown = _("The token of %(user)s is %(token)s. Copy it now: it is not shown again.")
        self.message_user(
            request, shown % {"user": obj.user, "token": form.token}, messages.WARNING
        )
