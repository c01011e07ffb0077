"""The rule of the address book: in a street an address means one building, whether its own or another of its."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction

from grids.models import Grid
from liangcheng.common.exceptions import InvalidInput
from liangcheng.common.text import normalize
from members.models import Building, BuildingAlias
from members.models.buildings import written_address


class HouseAddress(NamedTuple):
    """Road, lane and number as they are stored."""

    road: str
    lane: str = ""
    number: str = ""

    def __str__(self) -> str:
        return written_address(*self)


def check_own_address(*, community_id: int | None, address: HouseAddress) -> None:
    """Refuse an own address that is an alias in the street (that no two buildings share it the database sees to).

    To be asked before the building is written, in the same transaction: the street's row is held, so that of two
    writers the second is told. Raises InvalidInput (address_taken).
    """
    with transaction.atomic():
        hold_street(community_id)
        holder = alias_holders(community_id, [address]).get(address)
    if holder is not None:
        raise _taken(address, f"已经登记为“{holder}”的其他地址", "road")


def check_alias(
    *, community_id: int | None, address: HouseAddress, building_id: int | None, alias_id: int | None = None
) -> HouseAddress:
    """Refuse another address of building `building_id` that the street knows already; else return it as stored.

    `alias_id`: the alias that is being changed. In one transaction with the write, as above. Raises InvalidInput
    (missing_road, incomplete_address, address_taken).
    """
    address = HouseAddress(*map(normalize, address))
    if not address.road:
        raise InvalidInput("missing_road", "请填写路名。", field="road")
    if not (address.lane or address.number):
        raise InvalidInput("incomplete_address", "请填写弄或号，只有路名不能确定是哪幢楼。", field="number")
    with transaction.atomic():
        hold_street(community_id)
        same = {"community_id": community_id, **address._asdict()}
        owner = Building.objects.filter(**same).order_by("pk").first()
        alias = BuildingAlias.objects.filter(**same).select_related("building").first()
    if owner is not None:
        # Out of use, a building keeps its address: it may come back.
        whose = "就是这幢楼自己的地址，不用再登记" if owner.pk == building_id else f"已经登记为“{owner}”的地址"
        raise _taken(address, whose, "road")
    if alias is not None and alias.pk != alias_id:
        raise _taken(address, f"已经登记为“{alias.building}”的其他地址", "road")
    return address


def alias_holders(community_id: int | None, addresses: Iterable[HouseAddress]) -> dict[HouseAddress, Building]:
    """Which of the addresses are aliases in the street, and of which building: one statement for a whole sheet."""
    roads = {address.road for address in addresses}
    rows = BuildingAlias.objects.filter(community_id=community_id, road__in=roads).select_related("building")
    return {HouseAddress(row.road, row.lane, row.number): row.building for row in rows.order_by("pk")}


def hold_street(community_id: int | None) -> None:
    """Writers of a street's addresses queue here. Needs a transaction."""
    list(Grid.objects.filter(pk=community_id).order_by().select_for_update(no_key=True, of=("self",)))


def _taken(address: HouseAddress, whose: str, field: str) -> InvalidInput:
    return InvalidInput("address_taken", f"“{address}”{whose}，同一条街道里一个地址只能对应一幢楼。", field=field)
