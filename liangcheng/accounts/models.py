"""Who signs in: people, and the service accounts of other systems. Where they serve is a Posting (grids)."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """One account per person, never shared. `valid_until` ends it without deleting its history."""

    username = models.CharField(
        "登录名",
        max_length=50,
        unique=True,
        help_text="字母、数字、下划线，登录时使用。",
        error_messages={"unique": "这个登录名已经有人使用，请换一个。"},
    )
    full_name = models.CharField("姓名", max_length=30)
    title = models.CharField("职务", max_length=50, blank=True)
    phone = models.CharField("手机", max_length=20, blank=True)
    email = models.EmailField("邮箱", blank=True)
    is_active = models.BooleanField("启用", default=True, help_text="停用后不能登录，历史记录保留。")
    is_staff = models.BooleanField("可进管理后台", default=False)
    is_service = models.BooleanField("系统账号", default=False, editable=False)
    must_change_password = models.BooleanField("下次登录须改密码", default=False)
    valid_until = models.DateField("账号有效期至", null=True, blank=True)
    created_at = models.DateTimeField("建立时间", default=timezone.now, editable=False)

    # Unread notices, so that every page can show them; written by cases/inbox.py only.
    unread = models.PositiveIntegerField("未读消息", default=0, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = "用户"
        verbose_name_plural = "用户"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.full_name or self.username

    def save(self, **kwargs: Any) -> None:
        """`unread` is counted up while a form lies open: saving an account must not bring the old number back."""
        if not self._state.adding and kwargs.get("update_fields") is None and not kwargs.get("force_insert"):
            absent = self.get_deferred_fields()
            kwargs["update_fields"] = [
                each.attname
                for each in self._meta.concrete_fields
                if not each.primary_key and each.attname != "unread" and each.attname not in absent
            ]
        super().save(**kwargs)

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name


class ServiceAccount(models.Model):
    """What another system may do; its grid is its Posting, its tokens are knox tokens of its user.

    Everything within its grid may be read. Only these scopes add to that.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="service_account", verbose_name="账号")
    system = models.SlugField(
        "来源系统代码", max_length=50, unique=True, help_text="如 hotline12345，写入案件的来源系统。"
    )
    may_discover = models.BooleanField("可上报案件", default=True)
    may_note = models.BooleanField("可补充说明", default=True)
    may_act = models.BooleanField("可办理案件", default=False)
    contact = models.CharField("对方联系人", max_length=100, blank=True)
    created_at = models.DateTimeField("建立时间", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "系统接入账号"
        verbose_name_plural = "系统接入账号"
        ordering = ["system"]

    def __str__(self) -> str:
        return self.system
