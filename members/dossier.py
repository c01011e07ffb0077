"""What upper floors and other registers show on a person's page (一人一档). They register in AppConfig.ready()."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from grids.panels import Panel

if TYPE_CHECKING:
    from liangcheng.accounts.models import User
    from members.models import PartyMember, ResidentContact

Section = Panel
SectionProvider = Callable[["User", "PartyMember | ResidentContact"], Panel | None]

_sections: list[SectionProvider] = []


def register_section(provider: SectionProvider) -> None:
    """Add a section to the page of every person; asking twice with the same function adds it once."""
    if provider not in _sections:
        _sections.append(provider)


def sections(user: "User", person: "PartyMember | ResidentContact") -> list[Panel]:
    """The sections that are shown to `user` for `person`, in the order of registering."""
    return [section for provider in _sections if (section := provider(user, person)) is not None]
