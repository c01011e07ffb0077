"""Other systems: their account, the grid they read, and their tokens."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminDateWidget, AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from knox.models import AuthToken

from grids.authority import office_condition, office_streets, runs_street
from grids.choices import Role
from grids.models import Grid, Posting
from liangcheng.accounts.models import ServiceAccount, User
from liangcheng.common.admin_base import ScopedAdmin
from liangcheng.common.admin_pages import page

LIFETIMES = [("30", "30 天"), ("90", "90 天"), ("180", "180 天"), ("365", "365 天")]
# How much of a token its list shows: enough to tell them apart, useless for signing in.
SHOWN_PREFIX = 8


class IssueForm(forms.Form):
    days = forms.ChoiceField(label="有效期", choices=LIFETIMES, initial="180")


class ServiceForm(forms.ModelForm):
    full_name = forms.CharField(label="系统名称", max_length=30, help_text="如：12345 热线。")
    grid = forms.ModelChoiceField(Grid.objects.none(), label="网格", help_text="该系统只能读写这个网格及其下级的案件。")
    is_active = forms.BooleanField(label="启用", required=False, initial=True)
    valid_until = forms.DateField(label="有效期至", required=False, widget=AdminDateWidget)

    class Meta:
        model = ServiceAccount
        fields = ("system", "may_discover", "may_note", "may_act", "contact")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            user = self.instance.user
            posting = posting_of(self.instance)
            self.initial.update(
                full_name=user.full_name,
                is_active=user.is_active,
                valid_until=user.valid_until,
                grid=posting.grid_id if posting else None,
            )

    def clean_system(self) -> str:
        system: str = self.cleaned_data["system"]
        if User.objects.filter(username=system).exclude(service_account__pk=self.instance.pk or 0).exists():
            raise forms.ValidationError("这个代码已被别的账号用作登录名，请换一个。")
        return system


def posting_of(account: ServiceAccount) -> Posting | None:
    """The one posting that says what the system reads."""
    return account.user.postings.filter(role=Role.SERVICE).select_related("grid").first()


@admin.register(ServiceAccount)
class ServiceAdmin(ScopedAdmin):
    """An account of another system: no password, its own grid, scopes and tokens."""

    form = ServiceForm
    change_form_template = "admin/service_change_form.html"
    list_display = ["system", "full_name", "grid", "may_discover", "may_note", "may_act", "active", "tokens"]
    list_select_related = ["user"]
    search_fields = ["system", "user__full_name", "contact"]
    search_help_text = "按代码、系统名称或联系人查找"
    fields = [
        "system",
        "full_name",
        "grid",
        "may_discover",
        "may_note",
        "may_act",
        "contact",
        "is_active",
        "valid_until",
    ]

    @admin.display(description="系统名称")
    def full_name(self, account: ServiceAccount) -> str:
        return account.user.full_name

    @admin.display(description="启用", boolean=True)
    def active(self, account: ServiceAccount) -> bool:
        return account.user.is_active

    @admin.display(description="网格")
    def grid(self, account: ServiceAccount) -> str:
        postings = [p for p in account.user.postings.all() if p.role == Role.SERVICE]
        return str(postings[0].grid) if postings else "未指定"

    @admin.display(description="令牌")
    def tokens(self, account: ServiceAccount) -> str:
        return format_html('<a href="{}">签发与管理</a>', reverse("admin:accounts_service_tokens", args=[account.pk]))

    # -- scope and rights

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).prefetch_related("user__postings__grid")

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        streets = office_streets(request.user)
        if streets is None:
            return rows
        return rows.filter(
            user__in=Posting.objects.filter(role=Role.SERVICE, grid__community_id__in=streets)
            .order_by()
            .values("user_id")
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return runs_street(request.user)

    def may_edit(self, request: HttpRequest, obj: Any = None) -> bool:
        posting = posting_of(obj) if obj is not None else None
        return runs_street(request.user, posting.grid if posting else None)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "grid" in form.base_fields:
            grids = Grid.objects.filter(office_condition(request.user)).active()
            field = form.base_fields["grid"]
            field.queryset = grids
            field.widget = AutocompleteSelect(Posting._meta.get_field("grid"), self.admin_site)
            field.widget.choices = field.choices
        return form

    # -- saving

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        given = form.cleaned_data
        with transaction.atomic():
            if not change:
                obj.user = User(is_service=True)
                obj.user.set_unusable_password()
            obj.user.username = given["system"]
            obj.user.full_name = given["full_name"]
            obj.user.is_active = given["is_active"]
            obj.user.valid_until = given["valid_until"]
            obj.user.save()
            obj.user_id = obj.user.pk
            super().save_model(request, obj, form, change)
            posting = posting_of(obj) or Posting(user=obj.user, role=Role.SERVICE)
            posting.grid = given["grid"]
            posting.save()

    # -- tokens

    def get_urls(self) -> list[URLPattern]:
        tokens = path(
            "<path:object_id>/tokens/", self.admin_site.admin_view(self.tokens_view), name="accounts_service_tokens"
        )
        return [tokens, *super().get_urls()]

    def tokens_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Issue, list and revoke. A new token is in this one answer only: not in a message, a log or an address."""
        account = self.get_object(request, unquote(object_id))
        if account is None:
            raise Http404
        if not self.may_edit(request, account):
            raise PermissionDenied
        if request.method == "POST" and "revoke" in request.POST:
            return self._revoke(request, account)
        form = IssueForm(request.POST or None)
        token = ""
        if request.method == "POST" and form.is_valid():
            token = self._issue(request, account, int(form.cleaned_data["days"]))
            form = IssueForm()
        response = page(
            self,
            request,
            "admin/service_tokens.html",
            title=f"{account.user.full_name}：令牌",
            account=account,
            form=form,
            token=token,
            tokens=[_described(row) for row in AuthToken.objects.filter(user=account.user).order_by("-created")],
        )
        response["Cache-Control"] = "no-store"
        return response

    def _issue(self, request: HttpRequest, account: ServiceAccount, days: int) -> str:
        row, token = AuthToken.objects.create(account.user, expiry=timedelta(days=days))
        prefix = row.token_key[:SHOWN_PREFIX]
        self.log_change(request, account, f"签发令牌（{prefix}…），有效期 {days} 天")
        return str(token)

    def _revoke(self, request: HttpRequest, account: ServiceAccount) -> HttpResponse:
        row = AuthToken.objects.filter(user=account.user, token_key=request.POST["revoke"]).first()
        if row is None:
            self.message_user(request, "没有找到这个令牌，可能已被吊销。", messages.WARNING)
        else:
            row.delete()
            prefix = row.token_key[:SHOWN_PREFIX]
            self.log_change(request, account, f"吊销令牌（{prefix}…）")
            self.message_user(request, f"令牌（{prefix}…）已吊销，立即失效。", messages.SUCCESS)
        return redirect("admin:accounts_service_tokens", account.pk)


def _described(row: Any) -> dict[str, Any]:
    return {
        "key": row.token_key,
        "prefix": row.token_key[:SHOWN_PREFIX],
        "created": row.created,
        "expiry": row.expiry,
        "expired": bool(row.expiry and row.expiry < timezone.now()),
    }
