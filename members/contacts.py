"""居民骨干: kept by the desks of their grids."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from members.keeping import keep
from members.models import ResidentContact

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


def save_contact(
    *, actor: "User", contact_id: int | None = None, values: Mapping[str, Any], seen: str | None = None
) -> ResidentContact:
    """Enter a 居民骨干 (`contact_id` None), or change one. Refusals: members.keeping.keep."""
    return keep(ResidentContact, actor=actor, row_id=contact_id, values=values, seen=seen)
