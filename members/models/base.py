"""What every register has, and what every register of people has."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from grids.models import GridAnchored
from liangcheng.common.fields import BAD_NAME, BAD_PHONE, NameField, PhoneField, PhoneValidator
from liangcheng.common.models import TimestampedModel
from liangcheng.common.pinyin import initials
from liangcheng.common.text import is_person_name, mask_name, mask_phone, normalize

PHONE = PhoneValidator(r"^(1[3-9]\d{9}|(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?)$", BAD_PHONE)


def person_name(text: str) -> None:
    """Raises ValidationError unless `text` can be somebody's name (DOMAIN D: 2–30 characters, middle dot allowed)."""
    if not is_person_name(text):
        raise ValidationError(BAD_NAME, code="bad_name")


class Register(GridAnchored, TimestampedModel):
    """A named row of a register; retired, not deleted."""

    name = models.CharField("名称", max_length=80)
    name_pinyin = models.CharField("拼音首字母", max_length=200, editable=False, blank=True)
    note = models.CharField("备注", max_length=300, blank=True)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = normalize(self.name)
        self.name_pinyin = initials(self.name)
        if "name" in (kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = {*kwargs["update_fields"], "name_pinyin"}
        super().save(*args, **kwargs)


class Skill(models.Model):
    """特长: what somebody can do for the neighbourhood; offers (认领) ask for it. Kept by the office."""

    name = models.CharField("特长", max_length=20, unique=True, help_text="如：法律、医疗、电工、调解。")
    position = models.PositiveSmallIntegerField("排序", default=100)
    is_active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = "特长"
        verbose_name_plural = "特长"
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Person(Register):
    """Somebody of the grid. Names and numbers are masked on every page; unmasking is logged (AccessLog).

    As text a person is masked as well: what Django writes down of a row (its log, messages, errors) is its text.
    """

    # The column is as wide as it was before names were checked; the check allows 30.
    name = NameField("姓名", max_length=80, validators=[person_name])
    phone = PhoneField("手机", max_length=20, blank=True, validators=[PHONE])
    skills = models.ManyToManyField(Skill, blank=True, verbose_name="特长")
    availability = models.CharField("可服务时间", max_length=60, blank=True, help_text="如：周末、工作日晚上、寒暑假。")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="登录账号",
        help_text="本人有系统账号的才填。",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.masked_name} {self.masked_phone}".strip()

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)
