"""志愿服务: what somebody did for the neighbourhood, and how long it took."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Q

from grids.models import GridAnchored
from liangcheng.common.models import TimestampedModel, VersionedModel
from members.choices import ServiceKind, ServiceState
from members.models.people import PartyMember, ResidentContact
from members.service_querysets import ServiceQuerySet

ONE_PERSON = Q(member__isnull=True, contact__isnull=False) | Q(member__isnull=False, contact__isnull=True)


class OfPerson(models.Model):
    """A row about exactly one person: a party member or a resident contact."""

    member = models.ForeignKey(
        PartyMember, models.PROTECT, null=True, blank=True, related_name="%(class)ss", verbose_name="党员"
    )
    contact = models.ForeignKey(
        ResidentContact, models.PROTECT, null=True, blank=True, related_name="%(class)ss", verbose_name="居民骨干"
    )

    class Meta:
        abstract = True

    @property
    def person(self) -> PartyMember | ResidentContact:
        found = self.member or self.contact
        if found is None:
            raise AssertionError("the database does not allow a row without a person")
        return found


class ServiceRecord(OfPerson, GridAnchored, TimestampedModel, VersionedModel):
    """One person's service of one day. `grid` is the person's at that time; its desk confirms."""

    on = models.DateField("日期")
    hours = models.DecimalField(
        "时长（小时）",
        max_digits=3,
        decimal_places=1,
        validators=[MinValueValidator(Decimal("0.5")), MaxValueValidator(Decimal(24))],
    )
    kind = models.CharField("类别", max_length=12, choices=ServiceKind.choices)
    what = models.CharField("服务内容", max_length=300)
    case = models.ForeignKey(
        "cases.Case", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="相关案件"
    )
    offer = models.ForeignKey(
        "members.Offer", models.PROTECT, null=True, blank=True, related_name="records", verbose_name="认领事项"
    )
    state = models.CharField("状态", max_length=10, choices=ServiceState.choices, default=ServiceState.WAITING)
    reason = models.CharField("原因", max_length=100, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False, verbose_name="登记人"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False, verbose_name="确认人"
    )
    confirmed_at = models.DateTimeField("确认时间", null=True, editable=False)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = "志愿服务"
        verbose_name_plural = "志愿服务"
        ordering = ["-on", "-pk"]
        indexes = [
            *(
                models.Index(fields=[column, "-on"], name=f"service_{column}")
                for column in ("community", "neighborhood", "micro_unit")
            ),
            models.Index(fields=["member", "on"], name="service_member_day"),
            models.Index(fields=["contact", "on"], name="service_contact_day"),
        ]
        constraints = [
            CheckConstraint(name="service_is_one_persons", condition=ONE_PERSON),
            CheckConstraint(name="service_hours_in_a_day", condition=Q(hours__gte=Decimal("0.5"), hours__lte=24)),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.get_kind_display()} {self.hours.normalize():f} 小时"
