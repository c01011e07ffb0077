"""查看完整信息: whole names and numbers of contacts, one row at a time, with a reason, logged (DOMAIN C2)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from grids.authority import runs_desk
from grids.choices import GridKind, Role
from grids.models import PathColumns
from grids.scoping import scope_of
from liangcheng.common.exceptions import NotPermitted, NotVisible
from members.access import log_access, need_reason
from members.choices import AccessKind

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


@dataclass(frozen=True)
class Entry:
    """One contact of a row: what it is, the name ("" where there is none), the number."""

    label: str
    name: str
    phone: str


# Model → (label, field of the name, field of the number) of its contacts.
_CONTACTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "residentunit": (("联系人", "contact_name", "contact_phone"), ("物业", "property_company", "property_phone")),
    "partyorganization": (("联系人", "contact_name", "contact_phone"),),
    "venue": (("联系人", "contact_name", "contact_phone"),),
    "residentcontact": (("本人", "name", "phone"),),
    "nomination": (("人选", "nominee_name", "nominee_phone"),),
}


def may_reveal(user: "User", row: PathColumns) -> bool:
    """The desks of the row's grids, and the officers of its micro-unit: those who have to ring there."""
    return runs_desk(user, row) or any(
        post.role == Role.OFFICER and post.kind == GridKind.MICRO_UNIT and post.covers(row)
        for post in scope_of(user).territorial
    )


def has_contacts(row: Any) -> bool:
    """Whether there is anything that a page masks."""
    return bool(_entries(row))


def reveal(*, actor: "User", model: Any, pk: int, reason: str) -> tuple[Any, list[Entry]]:
    """The row and its contacts, unmasked; leaves a row in the log. Refusals: not_found, not_permitted, and those of
    `need_reason`."""
    with transaction.atomic():
        row = model.objects.visible_to(actor).filter(pk=pk).order_by().first()
        if row is None:
            raise NotVisible
        if not may_reveal(actor, row):
            raise NotPermitted("not_permitted", "完整信息由本网格的网格长、联络员、派遣员和所在微单元的网格员查看。")
        entries = _entries(row)
        # A company may be named in a reason, a person not.
        secrets = [text for entry in entries for text in (entry.phone, "" if entry.label == "物业" else entry.name)]
        log_access(actor, AccessKind.REVEALED, row, reason=need_reason(reason, *secrets))
        return row, entries


def _entries(row: Any) -> list[Entry]:
    if getattr(row, "erased_at", None):
        return []
    found = [
        Entry(label, getattr(row, name), getattr(row, phone)) for label, name, phone in _CONTACTS[row._meta.model_name]
    ]
    return [entry for entry in found if entry.phone or (entry.name and entry.label != "物业")]
