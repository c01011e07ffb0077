"""党组织."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import UniqueConstraint

from liangcheng.common.fields import NameField, PhoneField
from liangcheng.common.text import mask_name, mask_phone
from members.choices import OrganizationKind
from members.models.base import PHONE, Register, person_name
from members.querysets import OrganizationQuerySet


class PartyOrganization(Register):
    """党组织. A 党小组 hangs under a 党支部, and so up to the 党工委. It may lead grids and teams (牵头)."""

    kind = models.CharField("类别", max_length=20, choices=OrganizationKind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级党组织"
    )
    unit = models.ForeignKey(
        "members.ResidentUnit",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="organizations",
        verbose_name="所属单位",
        help_text="驻区单位自己的党组织才填。",
    )
    founded_on = models.DateField("成立日期", null=True, blank=True)
    contact_name = NameField("联系人", max_length=30, blank=True, validators=[person_name])
    contact_phone = PhoneField("联系电话", max_length=20, blank=True, validators=[PHONE])

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = "党组织"
        verbose_name_plural = "党组织"
        ordering = ["kind", "name"]
        indexes = [
            models.Index(fields=["community"], name="organization_community"),
            models.Index(fields=["neighborhood"], name="organization_neighborhood"),
        ]
        constraints = [UniqueConstraint(fields=["grid", "kind", "name"], name="organization_once_per_grid")]

    def clean(self) -> None:
        """The parent's kind stands above this one's, in the same street; so no circle can come about.

        Raises ValidationError by field.
        """
        wrong: dict[str, str] = {}
        if self.parent is not None:
            if self.parent.pk == self.pk:
                wrong["parent"] = "上级不能是这个党组织自己，请另选。"
            elif not _above(self.parent.kind, self.kind):
                wrong["parent"] = (
                    f"{self.parent.get_kind_display()}不能是{self.get_kind_display()}的上级，"
                    "顺序为党工委、党总支、党支部、党小组，请另选。"
                )
            elif self.grid_id and self.parent.community_id != self.grid.community_id:
                wrong["parent"] = "上级党组织应在同一街道，请另选。"
        if "parent" not in wrong and self.pk:
            below = next((child for child in self.children.all() if not _above(self.kind, child.kind)), None)
            if below is not None:
                wrong["kind"] = f"下级有{below.get_kind_display()}“{below}”，请先调整下级，再改类别。"
        if wrong:
            raise ValidationError(wrong)

    def above(self) -> list["PartyOrganization"]:
        """The organizations above this one, the highest first."""
        found: list[PartyOrganization] = []
        step = self.parent
        while step is not None and len(found) < len(OrganizationKind):
            found.insert(0, step)
            step = step.parent
        return found

    @property
    def masked_contact(self) -> str:
        """王* 138****5678."""
        return f"{mask_name(self.contact_name)} {mask_phone(self.contact_phone)}".strip()


def _above(kind: str, other: str) -> bool:
    order = list(OrganizationKind.values)
    return kind in order and other in order and order.index(kind) < order.index(other)
