"""What can be refused when someone asks for an alert."""

from django.utils.translation import gettext as _

from pipelines.errors import DomainError


class DeliveryWaits(DomainError):
    """The delivery has not come to an end, so there is nothing to repeat."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The delivery still waits to be sent, so it cannot be sent again. "
                "Look at its status again in a while."
            ),
            title=_("Delivery still waits"),
            status=409,
            type="delivery-waits",
        )
