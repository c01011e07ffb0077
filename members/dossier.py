"""一人一档: the sections of a person's page. Every app and module adds its own in AppConfig.ready()."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from grids.panels import Panel

if TYPE_CHECKING:
    from liangcheng.accounts.models import User
    from members.models import PartyMember, ResidentContact

Section = Panel

# (who reads, whose page) → a section, or None where there is nothing to say. It shows only what the reader may see.
SectionProvider = Callable[["User", "PartyMember | ResidentContact"], Panel | None]

_sections: list[SectionProvider] = []


def register_section(provider: SectionProvider) -> None:
    """Add a section to every person's page; the order of registering is the order on the page."""
    if provider not in _sections:
        _sections.append(provider)


def sections(user: "User", person: "PartyMember | ResidentContact") -> list[Panel]:
    """The sections of `person`'s page as `user` may see them."""
    return [section for provider in _sections if (section := provider(user, person)) is not None]
