"""The registers as Excel sheets: a description of each (RegisterSheet), and their way in and out.

check (nothing is written) → job page with errors by row and column → import, all or nothing (ADR 0014).
"""

from typing import Any

from members.sheets.base import RegisterSheet
from members.sheets.people import ContactSheet, MemberSheet, OrganizationSheet
from members.sheets.places import BuildingSheet, UnitSheet, VenueSheet
from members.sheets.teams import TeamSheet

SHEETS: dict[str, RegisterSheet] = {
    sheet.slug: sheet
    for sheet in (
        OrganizationSheet(),
        MemberSheet(),
        UnitSheet(),
        BuildingSheet(),
        ContactSheet(),
        TeamSheet(),
        VenueSheet(),
    )
}
_BY_MODEL = {sheet.model: sheet for sheet in SHEETS.values()}


def sheet_of(model: Any) -> RegisterSheet | None:
    """The sheet of a register, if it has one."""
    return _BY_MODEL.get(model)


__all__ = ["SHEETS", "RegisterSheet", "sheet_of"]
