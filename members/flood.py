"""How many forms may come in through a link and from an address. Counted in the database, so on every host alike."""

from datetime import timedelta

from django.conf import settings
from django.utils.crypto import salted_hmac

from liangcheng.common.clock import now
from liangcheng.common.exceptions import DomainError
from members.models import RegistrationAttempt

_WINDOW = timedelta(hours=1)
_KEPT = timedelta(days=1)


class TooMany(DomainError):
    """For the moment no more are taken (429)."""

    status = 429

    def __init__(self) -> None:
        super().__init__("too_many", "现在提交的人较多，请过一小时再试；着急的请直接联系居委会登记。")


def count_attempt(link_id: int, address: str) -> None:
    """Count one form. The caller holds the link's row, so that two at once cannot both be the last. Raises TooMany.

    What is refused is not counted: the table grows no faster than the limits allow.
    """
    since, key = now() - _WINDOW, _key(address)
    recent = RegistrationAttempt.objects.filter(at__gt=since)
    if (
        recent.filter(link_id=link_id).count() >= settings.REGISTRATIONS_PER_LINK
        or recent.filter(address_key=key).count() >= settings.REGISTRATIONS_PER_ADDRESS
    ):
        raise TooMany
    RegistrationAttempt.objects.create(link_id=link_id, address_key=key)


def forget_attempts() -> int:
    """Drop what no limit looks at any more."""
    deleted, _ = RegistrationAttempt.objects.filter(at__lt=now() - _KEPT).delete()
    return deleted


def _key(address: str) -> str:
    return salted_hmac("members.registration", address, algorithm="sha256").hexdigest()[:32]
