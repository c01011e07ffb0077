"""Ways out of the house: where notices go besides the inbox, and what each person wants to get there (ADR 0008)."""

from django.conf import settings
from django.db import models


class ChannelKind(models.TextChoices):
    EMAIL = "EMAIL", "邮件"
    WEBHOOK = "WEBHOOK", "网络推送"


class ContentType(models.TextChoices):
    JSON = "application/json", "JSON（默认）"
    FORM = "application/x-www-form-urlencoded", "表单格式"
    TEXT = "text/plain; charset=utf-8", "纯文本"


class Choice(models.TextChoices):
    ALL = "ALL", "全部"
    URGENT = "URGENT", "只收紧要的"
    NONE = "NONE", "不收"


class DeliveryChannel(models.Model):
    """One way out. With `system` empty it carries notices to people; else another system hears of its own cases there.

    `community_id` None serves every street. `secret` signs the requests and is never shown again.
    """

    code = models.SlugField("代码", max_length=30, unique=True, help_text="小写字母和数字，保存后用于识别通道。")
    name = models.CharField("名称", max_length=30, help_text="如：企业微信、邮件。工作人员在“我的”里看到的就是它。")
    kind = models.CharField("方式", max_length=10, choices=ChannelKind.choices, default=ChannelKind.WEBHOOK)
    community_id = models.BigIntegerField("街道", null=True, blank=True, editable=False)
    url = models.CharField(
        "推送地址", max_length=500, blank=True, help_text="以 <code>https://</code> 开头的完整地址。"
    )
    secret = models.CharField("签名密钥", max_length=200, blank=True)
    content_type = models.CharField("正文格式", max_length=50, choices=ContentType.choices, default=ContentType.JSON)
    body_template = models.TextField("正文模板", max_length=4000, blank=True)
    system = models.SlugField(
        "来源系统代码",
        max_length=50,
        blank=True,
        help_text="留空：给工作人员发消息。填写来源系统代码（同“系统接入账号”）：向该系统推送它自己案件的进展。",
    )
    default_choice = models.CharField(
        "默认接收",
        max_length=10,
        choices=Choice.choices,
        default=Choice.ALL,
        help_text="没有自己选过的人按这一项接收。",
    )
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "发送通道"
        verbose_name_plural = "发送通道"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class ChannelChoice(models.Model):
    """What one person wants to get through one channel; without a row the channel's default holds."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="channel_choices", verbose_name="用户"
    )
    channel = models.ForeignKey(DeliveryChannel, models.CASCADE, related_name="choices", verbose_name="发送通道")
    choice = models.CharField("接收", max_length=10, choices=Choice.choices, default=Choice.ALL)

    class Meta:
        verbose_name = "接收设置"
        verbose_name_plural = "接收设置"
        constraints = [models.UniqueConstraint(fields=["user", "channel"], name="channel_choice_once")]

    def __str__(self) -> str:
        return f"{self.channel}：{self.get_choice_display()}"
