"""Channels in the admin: kept by the street's office, tried out with a message to oneself."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.crypto import get_random_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from liangcheng.common import channels, templating, webhooks
from liangcheng.common.admin_base import OfficeAdmin, office_communities, runs_office
from liangcheng.common.admin_pages import page
from liangcheng.common.channel_models import ChannelKind, ContentType, DeliveryChannel
from liangcheng.common.exceptions import DomainError
from liangcheng.common.outbox import DeliveryFailed


def _template_help() -> SafeString:
    names = format_html_join("、", "<code>{{{{{}}}}}</code> {}", templating.PLACEHOLDERS.items())
    return format_html(
        "留空用默认正文（JSON，含标题、内容、页面地址、收件人和明细）。可用的占位符：{}。"
        "文字类占位符放在引号里，值会自动转义。",
        names,
    )


class ChannelForm(forms.ModelForm):
    """The secret only goes in: what is stored is never sent to a browser again."""

    new_secret = forms.CharField(
        label="设置新密钥",
        max_length=200,
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="留空不变。设置后每个请求都带签名，对方用同一个密钥核对；保存后不再显示。",
    )
    clear_secret = forms.BooleanField(label="取消签名", required=False, help_text="删除已设置的密钥。")

    class Meta:
        model = DeliveryChannel
        fields = (
            "code",
            "name",
            "kind",
            "url",
            "content_type",
            "body_template",
            "system",
            "default_choice",
            "is_active",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body_template"].help_text = _template_help()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("kind") == ChannelKind.WEBHOOK:
            self._clean_webhook(given)
        elif given.get("system"):
            self.add_error("system", "向来源系统推送只能用网络推送，请改选方式或清空这一项。")
        return given

    def _clean_webhook(self, given: dict[str, Any]) -> None:
        if not given.get("url"):
            self.add_error("url", "网络推送要填写推送地址。")
        else:
            try:
                webhooks.parse(given["url"])
            except DomainError as refusal:
                self.add_error("url", refusal.message)
        for fault in templating.faults(given.get("body_template", ""), given.get("content_type", ContentType.JSON)):
            self.add_error("body_template", fault)

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["new_secret"]:
            self.instance.secret = self.cleaned_data["new_secret"]
        elif self.cleaned_data["clear_secret"]:
            self.instance.secret = ""
        return super().save(commit)


@admin.register(DeliveryChannel)
class ChannelAdmin(OfficeAdmin):
    """Ways out of the house. Taken out of use, never deleted: what is under way refers to them."""

    form = ChannelForm
    change_form_template = "admin/channel_change_form.html"
    list_display = ["name", "code", "kind", "host", "system", "secret_state", "default_choice", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "code", "system"]
    search_help_text = "按名称、代码或来源系统代码查找"
    readonly_fields = ["secret_state"]
    fieldsets = (
        (None, {"fields": ("name", "code", "kind", "is_active")}),
        ("给谁", {"fields": ("system", "default_choice")}),
        ("网络推送", {"fields": ("url", "content_type", "body_template")}),
        ("签名", {"fields": ("secret_state", "new_secret", "clear_secret")}),
    )

    @admin.display(description="签名密钥")
    def secret_state(self, channel: DeliveryChannel) -> str:
        return "已设置" if channel.secret else "未设置"

    @admin.display(description="推送到")
    def host(self, channel: DeliveryChannel) -> str:
        """Without path and query: gateways put their keys there."""
        return (urlsplit(channel.url).hostname or "—") if channel.kind == ChannelKind.WEBHOOK else "—"

    # -- scope and rights

    def in_scope(self, rows: "QuerySet[Any]", request: HttpRequest) -> "QuerySet[Any]":
        """The channels of the user's streets; those that serve every street belong to superusers."""
        communities = office_communities(request.user)
        return rows if communities is None else rows.filter(Q(community_id__in=communities))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return runs_office(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who runs several streets would have to say for which; only superusers make channels for all."""
        communities = office_communities(request.user)
        return communities is None or len(communities) == 1

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        communities = office_communities(request.user)
        if not change and communities is not None:
            (obj.community_id,) = communities
        super().save_model(request, obj, form, change)

    # -- trying out

    def get_urls(self) -> list[URLPattern]:
        test = path("<path:object_id>/test/", self.admin_site.admin_view(self.test_view), name="common_channel_test")
        return [test, *super().get_urls()]

    def test_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send one message to oneself, now and not through the outbox; what came of it is said in words."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.may_edit(request, row):
            raise PermissionDenied
        if request.method == "POST":
            self._try_out(request, row)
            return redirect("admin:common_deliverychannel_change", row.pk)
        return page(self, request, "admin/channel_test.html", title="发送测试消息", channel=row)

    def _try_out(self, request: HttpRequest, row: DeliveryChannel) -> None:
        delivery = channels.Delivery(
            key=f"test:{row.pk}:{get_random_string(12)}",
            title="测试消息",
            text="这是一条测试消息，收到说明通道可用。",
            path="/",
            recipient=None if row.system else channels.recipient_of(request.user),  # type: ignore[arg-type]
            data={"test": True},
        )
        try:
            channels.channel_of(row).send(delivery)
        except DeliveryFailed as failure:
            reason = channels.reason_in_words(failure.code)
            self.message_user(request, f"测试消息没有送达：{reason}。", messages.ERROR)
        else:
            self.message_user(request, "测试消息已送达。", messages.SUCCESS)
