"""Closed lists of the registers."""

from django.db.models import TextChoices


class OrganizationKind(TextChoices):
    WORKING_COMMITTEE = "WORKING_COMMITTEE", "党工委"
    GENERAL_BRANCH = "GENERAL_BRANCH", "党总支"
    BRANCH = "BRANCH", "党支部"
    GROUP = "GROUP", "党小组"


class MemberKind(TextChoices):
    """R20: registered in the neighbourhood, or working elsewhere and reporting in here."""

    REGISTERED = "REGISTERED", "在册党员"
    IN_SERVICE = "IN_SERVICE", "在职党员"


class UnitKind(TextChoices):
    """R6: what a micro-unit is made of."""

    ESTATE = "ESTATE", "小区"
    BUSINESS_PARK = "BUSINESS_PARK", "楼宇园区"
    INSTITUTION = "INSTITUTION", "驻区单位"
    SHOP = "SHOP", "沿街商铺"
