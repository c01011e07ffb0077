"""请党员认领 of one case. What is right cases/volunteers.py knows."""

from collections.abc import Iterable
from typing import Any

from cases.models import Case
from grids.models import Grid
from members.choices import OfferKind
from members.offer_forms import OfferForm
from members.offers import Draft


class OfferCaseForm(OfferForm):
    """The offer's own text, begun with the category only: whoever reads it does not see the case."""

    def __init__(self, *args: Any, case: Case, grids: Iterable[Grid], **kwargs: Any) -> None:
        kwargs["initial"] = {"title": f"{case.category.name}，请党员协助"[:40], "grid": str(case.handling_grid_id)}
        super().__init__(*args, grids=list(grids), **kwargs)
        self.case = case
        for name in ("kind", "places"):
            del self.fields[name]
        self.fields[
            "description"
        ].help_text = "认领之前只看得到这段话和所在微单元，看不到案件；不要写反映人的姓名、电话、门牌。"
        # The nearest first is not the order of the tree: no indentation.
        self.fields["grid"].choices = [(str(grid.pk), grid.short_name) for grid in grids]  # type: ignore[attr-defined]

    def draft(self) -> Draft:
        given = self.cleaned_data
        return Draft(
            kind=OfferKind.CASE,
            title=given["title"],
            description=given["description"],
            grid_id=int(given["grid"]),
            closes_on=given["closes_on"],
            skill_id=int(given["skill"]) if given["skill"] else None,
            place_id=self.case.grid_id,
        )
