"""居民骨干: kept by the desks of their grids."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from liangcheng.common.exceptions import InvalidInput
from members.keeping import keep
from members.models import ResidentContact

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


def _check_once(contact_id: int | None, values: Mapping[str, Any]) -> None:
    """The same name and number stand once in a street: two such rows could not be told apart anywhere."""
    name, phone, grid = values.get("name"), values.get("phone"), values.get("grid")
    if not (name and phone and grid):
        return
    same = ResidentContact.objects.active().filter(name=name, phone=phone, community_id=grid.community_id)
    if same.exclude(pk=contact_id or 0).exists():
        message = "本街道已登记过同名同号的居民骨干，请在“居民骨干”里查找，不用再登记。"
        raise InvalidInput("duplicate", message, field="name")


def save_contact(
    *, actor: "User", contact_id: int | None = None, values: Mapping[str, Any], seen: str | None = None
) -> ResidentContact:
    """Enter a 居民骨干 (`contact_id` None), or change one. Refusals: duplicate, members.keeping.keep."""
    _check_once(contact_id, values)
    return keep(ResidentContact, actor=actor, row_id=contact_id, values=values, seen=seen)
