"""What templates ask about personal data: may the reader see it whole, run the office, read identity numbers."""

from dataclasses import dataclass

from django import template
from django.urls import reverse

from grids.authority import runs_street
from liangcheng.accounts.models import User
from members import identity, privacy
from members.models import PartyMember

register = template.Library()


@dataclass(frozen=True)
class Reveal:
    """How the fragment members/_reveal.html asks for the whole name and number."""

    address: str
    identity: bool


@register.simple_tag
def reveal_of(user: User, person: PartyMember) -> Reveal | None:
    """None where the user may not, or where nothing is left to see. No statement."""
    if person.erased_at or not privacy.may_reveal(user, person):
        return None
    address = reverse("members:member_reveal", args=[person.pk])
    return Reveal(address, identity.enabled() and identity.may_read_identity(user, person))


@register.simple_tag
def keeps_identity(user: User, person: PartyMember) -> bool:
    """Whether the page offers to write the identity number down."""
    return identity.enabled() and privacy.may_reveal(user, person)


@register.simple_tag
def runs_office(user: User) -> bool:
    return runs_street(user)
