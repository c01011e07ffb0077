"""What the floor above knows of the cases that services and offers name. It registers itself in AppConfig.ready()."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from liangcheng.accounts.models import User
    from members.models import Claim, Offer


class Casework(Protocol):
    """Raises DomainError with the reason in words."""

    def find(self, user: "User", number: str) -> int:
        """The id of the case of that number that the user may see."""

    def numbers(self, user: "User", case_ids: Collection[int]) -> Mapping[int, str]:
        """Case id → number, of those that the user may see."""

    def claimed(self, offer: "Offer", claim: "Claim") -> None:
        """Let the case know that its offer has been claimed: put it on the claimer's plate, or note their help.

        Inside the claim's transaction; sets `claim.dispatched`.
        """


_registered: list[Casework] = []


def register_casework(casework: Casework) -> None:
    """Called once, by the floor that knows cases."""
    _registered[:] = [casework]


def casework() -> Casework:
    return _registered[0]
