"""People's accounts in the admin. Registered in grids/admin, where their postings are known."""

from typing import Any

from axes.utils import reset as unlock
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, BaseUserCreationForm
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html

from liangcheng.accounts.models import User
from liangcheng.common.admin_base import OfficeAdmin
from liangcheng.common.fields import BAD_PHONE
from liangcheng.common.text import is_phone, normalize_phone

USERNAME = RegexValidator(r"^[A-Za-z][A-Za-z0-9_.-]{1,49}$", "登录名以字母开头，只用字母、数字、下划线、点和短横线。")


class _Checked:
    """Shape of an account's fields, on both of its forms."""

    cleaned_data: dict[str, Any]

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"].strip()
        USERNAME(username)
        return username

    def clean_phone(self) -> str:
        phone = normalize_phone(self.cleaned_data.get("phone", ""))
        if phone and not is_phone(phone):
            raise forms.ValidationError(BAD_PHONE, code="bad_phone")
        return phone


class AccountForm(_Checked, forms.ModelForm):
    class Meta:
        model = User
        fields = (
            "username",
            "full_name",
            "title",
            "phone",
            "email",
            "is_active",
            "is_staff",
            "is_superuser",
            "must_change_password",
            "valid_until",
        )


class NewAccountForm(_Checked, BaseUserCreationForm):
    """The first password is the office's; the person sets their own at the first sign-in."""

    class Meta:
        model = User
        fields = ("username", "full_name", "title", "phone", "email")
        field_classes: dict[str, Any] = {}

    def save(self, commit: bool = True) -> Any:
        self.instance.must_change_password = True
        return super().save(commit)


class ResetPasswordForm(AdminPasswordChangeForm):
    """A password set by somebody else must be changed by its owner; a locked-out name is free again."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        # Without a password nobody could sign in; an account is ended by 停用.
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> Any:
        self.user.must_change_password = True
        saved = super().save(commit)
        unlock(username=self.user.get_username())
        return saved


class UserAdmin(OfficeAdmin, DjangoUserAdmin):
    """Accounts of people. Ended by 停用 or a date, never deleted; superusers are made by superusers."""

    form = AccountForm
    add_form = NewAccountForm
    change_password_form = ResetPasswordForm
    list_display = ["full_name", "username", "title", "is_active", "is_staff", "valid_until", "last_login"]
    list_display_links = ["full_name", "username"]
    list_filter = ["is_active", "is_staff", "must_change_password"]
    search_fields = ["full_name", "username", "title", "phone"]
    search_help_text = "按姓名、登录名、职务或手机查找"
    ordering = ["username"]
    filter_horizontal = ()
    readonly_fields = ["password_link", "last_login", "created_at"]
    fieldsets = (
        (None, {"fields": ("username", "full_name", "title", "phone", "email")}),
        ("登录", {"fields": ("password_link", "must_change_password", "last_login")}),
        ("权限", {"fields": ("is_active", "valid_until", "is_staff", "is_superuser", "created_at")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "full_name", "title", "phone", "email", "password1", "password2")}),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_edit(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    @admin.display(description="密码")
    def password_link(self, user: User) -> str:
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a href="{}">重置密码</a>', address)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if str(request.user.pk) == id:
            return redirect("accounts:password_change")
        return super().user_change_password(request, id, form_url)
