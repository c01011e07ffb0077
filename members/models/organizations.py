"""党组织."""

from django.db import models
from django.db.models import UniqueConstraint

from liangcheng.common.fields import NameField, PhoneField
from liangcheng.common.text import mask_name, mask_phone
from members.choices import OrganizationKind
from members.models.base import PHONE, Register, person_name
from members.querysets import RegisterQuerySet


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

    objects = RegisterQuerySet.as_manager()

    class Meta:
        verbose_name = "党组织"
        verbose_name_plural = "党组织"
        ordering = ["kind", "name"]
        indexes = [
            models.Index(fields=["community"], name="organization_community"),
            models.Index(fields=["neighborhood"], name="organization_neighborhood"),
        ]
        constraints = [UniqueConstraint(fields=["grid", "kind", "name"], name="organization_once_per_grid")]

    @property
    def masked_contact(self) -> str:
        """王* 138****5678."""
        return f"{mask_name(self.contact_name)} {mask_phone(self.contact_phone)}".strip()
