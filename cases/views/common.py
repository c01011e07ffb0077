"""What the pages of one case share."""

import hashlib
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.http import Http404

from cases.models import Case
from cases.workflow import Idempotency
from members.models import Offer

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from liangcheng.accounts.models import User

_HEAD = ("category", "grid", "handling_grid", "assignee", "assigned_department")


def visible_case(user: "User", number: str, *more: str) -> Case:
    """The case of that number that the user may see; of several streets' the newest. Raises Http404.

    `office_mark` comes with it: under it the calendar and the clock's rules are known (cases.timekeeping.office); and
    `offered`: whether it was ever offered (认领), so that offers are read only where there are any.
    """
    offered = Exists(Offer.objects.filter(case=OuterRef("pk")).order_by())
    rows: QuerySet[Case] = Case.objects.visible_to(user).with_mark().select_related(*_HEAD, *more)
    rows = rows.annotate(offered=offered)
    # Numbers are plain; PostgreSQL would answer a NUL with an error of its own.
    found = rows.filter(number=number).order_by("-pk").first() if number.isascii() and number.isalnum() else None
    if found is None:
        raise Http404
    return found


def idempotency(key: str, data: Any, files: Any = ()) -> Idempotency | None:
    """The form's hidden key, bound to what was sent with it: a second tap finds the first one's result."""
    if not key:
        return None
    sent = [(name, value) for name, value in sorted(data.lists()) if name not in {"csrfmiddlewaretoken", "version"}]
    sent += [(file.name, file.size) for file in files]
    return Idempotency(f"web:{key}", hashlib.sha256(repr(sent).encode("utf-8", "replace")).hexdigest())
