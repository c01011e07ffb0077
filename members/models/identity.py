"""公民身份号码 of a party member, sealed; a row exists only where the street has switched identity numbers on."""

from django.db import models

from members.models.people import PartyMember


class IdentityNumber(models.Model):
    """A table of its own, so that no list, sheet, history or form of the member carries it by accident (ADR 0012).

    Written and read by members/identity.py only. `sealed` opens for this member's row only.
    """

    member = models.OneToOneField(
        PartyMember, models.CASCADE, primary_key=True, related_name="identity_number", verbose_name="党员"
    )
    sealed = models.CharField("密文", max_length=200, editable=False)
    digest = models.CharField("摘要", max_length=64, unique=True, editable=False)

    class Meta:
        verbose_name = "身份证号"
        verbose_name_plural = "身份证号"

    def __str__(self) -> str:
        return f"身份证号（党员 {self.member_id}）"
