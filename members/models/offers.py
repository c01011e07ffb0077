"""认领: what a grid offers to its people, and who took it on."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from grids.models import GridAnchored
from liangcheng.common.clock import now
from liangcheng.common.models import TimestampedModel
from members.choices import ClaimState, OfferKind, OfferState
from members.models.base import Skill
from members.models.services import ONE_PERSON, OfPerson
from members.service_querysets import ClaimQuerySet, OfferQuerySet

MOST_PLACES = 200


class Offer(GridAnchored, TimestampedModel):
    """认领事项. Its people are those of `grid`'s subtree who have the skill. Of a case it says nothing but this text:
    whoever has not claimed it sees neither the case nor who reported it.
    """

    kind = models.CharField("类别", max_length=8, choices=OfferKind.choices)
    title = models.CharField("标题", max_length=40)
    description = models.CharField("说明", max_length=500)
    skill = models.ForeignKey(Skill, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="需要的特长")
    places = models.PositiveSmallIntegerField(
        "名额", default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_PLACES)]
    )
    closes_on = models.DateField("截止日期")
    # Where it is, if the people may come from further around.
    place = models.ForeignKey(
        "grids.Grid", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所在网格"
    )
    case = models.ForeignKey(
        "cases.Case", models.PROTECT, null=True, blank=True, related_name="offers", verbose_name="案件"
    )
    state = models.CharField("状态", max_length=10, choices=OfferState.choices, default=OfferState.OPEN)
    ended_because = models.CharField("结束原因", max_length=100, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="发布人"
    )

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = "认领事项"
        verbose_name_plural = "认领事项"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["grid", "closes_on"], name="offer_open", condition=Q(state="OPEN")),
            *(models.Index(fields=[column, "-id"], name=f"offer_{column}") for column in ("community", "neighborhood")),
        ]
        constraints = [
            CheckConstraint(
                name="offer_of_a_case",
                condition=Q(kind="CASE", case__isnull=False, places=1) | ~Q(kind="CASE") & Q(case__isnull=True),
            ),
            UniqueConstraint(fields=["case"], name="offer_once_per_case", condition=Q(state__in=("OPEN", "FILLED"))),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def where(self) -> str:
        """The place, in the short name of its grid."""
        return (self.place or self.grid).short_name

    @property
    def is_over(self) -> bool:
        return self.state in {OfferState.CLOSED, OfferState.CANCELLED}


class Claim(OfPerson):
    """Somebody took an offer on: by their own account, or the desk wrote it down for them."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="claims", verbose_name="认领事项")
    state = models.CharField("状态", max_length=8, choices=ClaimState.choices, default=ClaimState.CLAIMED)
    at = models.DateTimeField("认领时间", default=now)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="登记人"
    )
    # The case was put on the claimer's own plate with it; else they help whoever has it.
    dispatched = models.BooleanField("案件已派给本人", default=False, editable=False)
    ended_at = models.DateTimeField("结束时间", null=True, editable=False)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = "认领记录"
        verbose_name_plural = "认领记录"
        ordering = ["-pk"]
        constraints = [
            CheckConstraint(name="claim_is_one_persons", condition=ONE_PERSON),
            UniqueConstraint(fields=["offer", "member"], name="claim_once_per_member"),
            UniqueConstraint(fields=["offer", "contact"], name="claim_once_per_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.offer} {self.get_state_display()}"
