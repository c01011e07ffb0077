"""What the tests of 双报到、双报告 share."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from grids.models import Grid
from liangcheng.common.exceptions import DomainError
from members.choices import RegistrationKind, RegistrationSource, RegistrationTie
from members.confirmation import confirm_member
from members.links import create_link
from members.models import PartyOrganization, Registration, RegistrationLink
from members.reporting import Given, submit
from tests import factories

NAME, PHONE = "欧阳明日", "13900005678"


def code_of(call: Callable[[], object]) -> str:
    """The code of the refusal that `call` meets."""
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.code


def link(actor: Any, grid: Grid, kind: str = RegistrationKind.MEMBER) -> RegistrationLink:
    return create_link(actor=actor, grid_code=grid.code, kind=kind)


def given(**fields: Any) -> Given:
    values = {
        "name": NAME,
        "phone": PHONE,
        "tie": RegistrationTie.LIVES,
        "unit_name": "某设计院",
        "organization_name": "某设计院党支部",
        "consent": True,
    }
    return Given(**(values | fields))


def handed_in(to: RegistrationLink, **fields: Any) -> Registration:
    return submit(
        token=to.token, given=given(**fields), source=RegistrationSource.LINK, address="10.0.0.1", nonce=uuid4()
    )


def confirmed(actor: Any, to: RegistrationLink, **fields: Any) -> Registration:
    """Handed in and confirmed with the organization of the 居民区, made where there is none."""
    row = handed_in(to, **fields)
    grid = to.grid if to.grid.neighborhood is None else to.grid.neighborhood
    organization = PartyOrganization.objects.filter(grid=grid).first() or factories.organization(grid)
    return confirm_member(actor=actor, registration_id=row.pk, organization_id=organization.pk)
