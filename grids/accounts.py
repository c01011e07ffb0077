"""Accounts end with the last posting (GB/T 22239: surplus accounts are stopped in time).

Of people, not of other systems and not of superusers. Who has a posting to come keeps the account; who never had one
keeps it for ACCOUNT_GRACE_DAYS. Nothing is deleted; switching on again is the office's act, and needs a posting.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from grids import standins
from grids.models import Posting
from liangcheng.common.clock import now

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

logger = logging.getLogger(__name__)
# Gets an account's id; says what lies on its plate ("未办结案件 3 件"), or "".
LeftBehind = Callable[[int], str]
_left_behind: list[LeftBehind] = []


def register_left_behind(provider: LeftBehind) -> None:
    """Add something that must be handed over when an account ends; asking twice adds it once."""
    if provider not in _left_behind:
        _left_behind.append(provider)


@dataclass(frozen=True)
class Ended:
    """An account that was switched off, and what its person has left behind."""

    user: "User"
    left: list[str]

    @property
    def notice(self) -> str:
        """For the office, on the page and in the log."""
        hand_over = f"名下还有{'、'.join(self.left)}，请办理工作交接。" if self.left else ""
        return f"{self.user}已没有岗位，账号已停用。{hand_over}"


def accounts_to_end(user_ids: Iterable[int] | None = None) -> "QuerySet[Any]":
    """Accounts in use that have to end now; of these people only, if given."""
    own = Posting.objects.filter(user_id=OuterRef("pk")).order_by()
    # Also one that was deleted: its history remains.
    past = Posting.history.filter(user_id=OuterRef("pk")).order_by()  # type: ignore[attr-defined]
    waited = Q(created_at__lt=now() - timedelta(days=settings.ACCOUNT_GRACE_DAYS))
    people = get_user_model()._default_manager.filter(is_active=True, is_service=False, is_superuser=False)
    if user_ids is not None:
        people = people.filter(pk__in=list(user_ids))
    return people.filter(~Exists(own.lasting()), waited | Exists(own) | Exists(past))  # type: ignore[attr-defined]


def end_accounts() -> int:
    """Every night: switch off what has to end. Returns how many. Each in a transaction of its own."""
    ended = 0
    for pk in list(accounts_to_end().order_by("pk").values_list("pk", flat=True)):
        ended += end_account(pk) is not None
    return ended


def end_account(user_id: int, by: "User | None" = None) -> Ended | None:
    """Switch one account off if it has to end; None if not. `by`: whose change of a posting led to it.

    Sessions end with it: Django reads the account at each request. Written into the account's log in the admin.
    """
    with transaction.atomic():
        rows = get_user_model()._default_manager.select_for_update(no_key=True)
        user: Any = rows.filter(pk=user_id).order_by().first()
        # A statement of its own, behind the lock: a posting may have been given while this one waited for it.
        if user is None or not accounts_to_end([user_id]).order_by().exists():
            return None
        user.is_active = False
        user.save(update_fields=["is_active"])
        standins.end_all_of(user)
        ended = Ended(user, [words for provider in _left_behind if (words := provider(user_id))])
        LogEntry.objects.create(
            user_id=by.pk if by else user.pk,  # type: ignore[misc]
            content_type=ContentType.objects.get_for_model(type(user)),
            object_id=str(user.pk),
            object_repr=str(user),
            action_flag=CHANGE,
            change_message=f"{'' if by else '系统自动办理：'}{ended.notice}",
        )
    logger.info("account_ended user=%s left=%s", user_id, len(ended.left))
    return ended
