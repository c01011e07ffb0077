"""队伍 and 阵地."""

from typing import Any

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from liangcheng.common.fields import NameField, PhoneField
from liangcheng.common.text import mask_name, mask_phone
from members.choices import TeamKind, VenueKind
from members.models.base import PHONE, Register, person_name
from members.models.organizations import PartyOrganization
from members.models.people import PartyMember, ResidentContact
from members.models.units import ResidentUnit
from members.querysets import RegisterQuerySet


class Team(Register):
    """队伍: 管理队伍 (R12) or 服务队伍 (R13) of a grid, led (牵头) by a party organization."""

    kind = models.CharField("类别", max_length=12, choices=TeamKind.choices)
    lead_organization = models.ForeignKey(
        PartyOrganization, models.SET_NULL, null=True, blank=True, related_name="led_teams", verbose_name="牵头党组织"
    )
    duties = models.CharField("职责", max_length=300, blank=True, help_text="如：采集和反馈群众需求信息；矛盾调解。")
    founded_on = models.DateField("成立日期", null=True, blank=True)

    objects = RegisterQuerySet.as_manager()

    class Meta:
        verbose_name = "队伍"
        verbose_name_plural = "队伍"
        ordering = ["name_pinyin", "pk"]
        indexes = [
            models.Index(fields=["community"], name="team_community"),
            models.Index(fields=["neighborhood"], name="team_neighborhood"),
        ]
        constraints = [UniqueConstraint(fields=["grid", "name"], name="team_once_per_grid")]


class TeamMember(models.Model):
    """Somebody in a team: a party member or a resident contact. One of them leads it (队长)."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="people", verbose_name="队伍")
    member = models.ForeignKey(
        PartyMember, models.CASCADE, null=True, blank=True, related_name="teams", verbose_name="党员"
    )
    contact = models.ForeignKey(
        ResidentContact, models.CASCADE, null=True, blank=True, related_name="teams", verbose_name="居民骨干"
    )
    is_leader = models.BooleanField("队长", default=False)
    duty = models.CharField("分工", max_length=40, blank=True)

    class Meta:
        verbose_name = "队员"
        verbose_name_plural = "队员"
        ordering = ["-is_leader", "pk"]
        constraints = [
            CheckConstraint(
                name="team_member_is_one_person",
                condition=Q(member__isnull=True, contact__isnull=False) | Q(member__isnull=False, contact__isnull=True),
                violation_error_message="每一行填一位队员：党员或居民骨干，只填其一。",
            ),
            UniqueConstraint(
                fields=["team", "member"], name="team_member_once", violation_error_message="这位党员已在队伍里。"
            ),
            UniqueConstraint(
                fields=["team", "contact"],
                name="team_contact_once",
                violation_error_message="这位居民骨干已在队伍里。",
            ),
            UniqueConstraint(
                fields=["team"],
                name="team_has_one_leader",
                condition=Q(is_leader=True),
                violation_error_message="一支队伍只有一位队长。",
            ),
        ]

    def __str__(self) -> str:
        return self.person.masked_name if self.person else ""

    @property
    def person(self) -> PartyMember | ResidentContact | None:
        return self.member or self.contact


class Venue(Register):
    """阵地. One main place (主阵地) per 居民区 (R40: 一网一点、全面覆盖)."""

    kind = models.CharField("类别", max_length=15, choices=VenueKind.choices)
    is_main = models.BooleanField("主阵地", default=False)
    address = models.CharField("地址", max_length=150, blank=True)
    unit = models.ForeignKey(
        ResidentUnit, models.SET_NULL, null=True, blank=True, related_name="venues", verbose_name="提供单位"
    )
    capacity = models.PositiveIntegerField("可容纳人数", null=True, blank=True)
    opening = models.CharField("开放时间", max_length=60, blank=True, help_text="如：周一至周六 8:30–17:00。")
    contact_name = NameField("联系人", max_length=30, blank=True, validators=[person_name])
    contact_phone = PhoneField("联系电话", max_length=20, blank=True, validators=[PHONE])

    objects = RegisterQuerySet.as_manager()

    class Meta:
        verbose_name = "阵地"
        verbose_name_plural = "阵地"
        ordering = ["-is_main", "name_pinyin", "pk"]
        indexes = [
            models.Index(fields=["community"], name="venue_community"),
            models.Index(fields=["neighborhood"], name="venue_neighborhood"),
        ]
        constraints = [
            UniqueConstraint(fields=["grid", "name"], name="venue_once_per_grid"),
            UniqueConstraint(
                fields=["neighborhood"],
                name="venue_one_main",
                condition=Q(is_main=True, is_active=True, neighborhood__isnull=False),
                violation_error_message="这个居民区已经有主阵地了，请先取消原来的。",
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """What is out of use, is no main place any more."""
        if not self.is_active and self.is_main:
            self.is_main = False
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "is_main"}
        super().save(*args, **kwargs)

    @property
    def masked_contact(self) -> str:
        """王* 138****5678."""
        return f"{mask_name(self.contact_name)} {mask_phone(self.contact_phone)}".strip()
