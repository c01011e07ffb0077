"""How messages leave the house: one interface, its ways (e-mail, signed webhook), and who wants what (ADR 0008).

`forward` is called by the worker when it puts a notice into somebody's inbox: one outbox row for each channel that
the person has chosen. `deliver` sends such a row, outside any transaction. The inbox itself is a Channel too
(cases/inbox.py).
"""

import hashlib
import json
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import BadHeaderError, EmailMessage
from django.db.models import Q, QuerySet
from django.utils import timezone

from liangcheng.common import templating, webhooks
from liangcheng.common.channel_models import ChannelChoice, ChannelKind, Choice, DeliveryChannel
from liangcheng.common.models import OutboxMessage
from liangcheng.common.outbox import DeliveryFailed, PermanentFailure

if TYPE_CHECKING:
    from liangcheng.accounts.models import User

TOPIC = "channel.deliver"
REASONS = {
    "channel_gone": "通道已停用或删除",
    "recipient_gone": "收件人已停用，或没有登记邮箱",
    "email_unset": "没有配置邮件服务器",
    "email_refused": "邮件服务器拒收这个邮箱",
    "email_failed": "邮件服务器没有收下",
    "email_header": "邮件标题或邮箱不对",
}


@dataclass(frozen=True)
class Recipient:
    """Who gets it; `email` and `phone` may be empty."""

    user_id: int
    name: str
    username: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Delivery:
    """One message on its way. `key` is the same at every attempt; `path` is the page it tells about, in this site;
    `recipient` None: to another system; `data` is what programs read.
    """

    key: str
    title: str
    text: str
    path: str = ""
    urgent: bool = False
    recipient: Recipient | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The page's full address; empty where the installation does not know its own (SITE_URL)."""
        return f"{settings.SITE_URL.rstrip('/')}{self.path}" if self.path and settings.SITE_URL else ""


class Channel(Protocol):
    """A way to tell somebody something. May be asked twice for one delivery: the second time changes nothing, or
    carries the same key. Raises DeliveryFailed to be asked again later, PermanentFailure not to be.
    """

    def send(self, delivery: Delivery) -> None: ...


class EmailChannel:
    """Through the office's mail server (EMAIL_* settings)."""

    def send(self, delivery: Delivery) -> None:
        """Raises PermanentFailure without an address or a server, DeliveryFailed when the server does not take it."""
        who = delivery.recipient
        if who is None or not who.email:
            raise _permanent("recipient_gone")
        if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not settings.EMAIL_HOST:
            raise _permanent("email_unset")
        subject = " ".join(f"{'【紧要】' if delivery.urgent else ''}{delivery.title}".split())
        body = "\n\n".join(filter(None, (f"{who.name}：", delivery.text, delivery.url, _FOOT)))
        # The same at every attempt: a mail server that sees it twice can drop one.
        identity = hashlib.sha256(delivery.key.encode()).hexdigest()[:32]
        domain = urlsplit(settings.SITE_URL).hostname or "liangcheng.invalid"
        message = EmailMessage(subject, body, to=[who.email], headers={"Message-ID": f"<{identity}@{domain}>"})
        try:
            message.send()
        except (smtplib.SMTPRecipientsRefused, BadHeaderError, UnicodeError) as error:
            if isinstance(error, smtplib.SMTPRecipientsRefused) and _passing(error):
                raise _retry("email_failed") from None
            code = "email_refused" if isinstance(error, smtplib.SMTPRecipientsRefused) else "email_header"
            raise _permanent(code) from None
        except (smtplib.SMTPException, OSError):
            raise _retry("email_failed") from None


_FOOT = "（本邮件由网格案件登记系统发出，请勿回复。接收方式可在“我的”里更改。）"


def _passing(error: smtplib.SMTPRecipientsRefused) -> bool:
    """4xx: a full mailbox or greylisting, that passes."""
    return any(code < 500 for code, _ in error.recipients.values())


@dataclass(frozen=True)
class WebhookChannel:
    """One signed request to the channel's address, its body made from the channel's template."""

    row: DeliveryChannel

    def send(self, delivery: Delivery) -> None:
        """Raises what webhooks.post raises, and DeliveryFailed when the answer says no in its body."""
        body = templating.render(self.row.body_template, self.row.content_type, values_of(delivery))
        answer = webhooks.post(
            self.row.url,
            body.encode(),
            content_type=self.row.content_type,
            key=delivery.key,
            secret=self.row.secret,
        )
        if _says_no(answer):
            raise DeliveryFailed("webhook_refused", webhooks.REASONS["webhook_refused"])


def _says_no(answer: bytes) -> bool:
    """WeCom and DingTalk answer 200 in any case; what they mean stands in `errcode`."""
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("errcode", 0) not in (0, "0", None)


def channel_of(row: DeliveryChannel) -> Channel:
    """The way that a row of the admin stands for."""
    return EmailChannel() if row.kind == ChannelKind.EMAIL else WebhookChannel(row)


def values_of(delivery: Delivery) -> dict[str, Any]:
    """What a template may name (templating.PLACEHOLDERS)."""
    who = delivery.recipient
    return {
        "key": delivery.key,
        "title": delivery.title,
        "text": delivery.text,
        "url": delivery.url,
        "urgent": delivery.urgent,
        "name": who.name if who else "",
        "username": who.username if who else "",
        "phone": who.phone if who else "",
        "email": who.email if who else "",
        "data": delivery.data,
    }


# -- who wants what


def for_people(communities: Iterable[int | None] | None) -> "QuerySet[DeliveryChannel]":
    """The channels in use that carry notices to people of these streets; None: of any street."""
    rows = DeliveryChannel.objects.filter(is_active=True, system="")
    if communities is None:
        return rows
    return rows.filter(Q(community_id=None) | Q(community_id__in=[each for each in communities if each]))


def _wanted(choice: str, urgent: bool) -> bool:
    return choice == Choice.ALL or (choice == Choice.URGENT and urgent)


def forward(
    user_id: int,
    *,
    key: str,
    title: str,
    text: str,
    path: str = "",
    urgent: bool = False,
    community_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> int:
    """Line the message up for every channel that the person has chosen; returns for how many.

    Asked again for the same event (`key`) and person, nothing is added. One statement when there is no channel.
    """
    rows = list(for_people([community_id]))
    if not rows:
        return 0
    own = dict(ChannelChoice.objects.filter(user_id=user_id, channel__in=rows).values_list("channel_id", "choice"))
    chosen = [row for row in rows if _wanted(own.get(row.pk, row.default_choice), urgent)]
    who = _recipient(user_id) if chosen else None
    chosen = [row for row in chosen if who and (row.kind != ChannelKind.EMAIL or who.email)]
    message = {"title": title, "text": text, "path": path, "urgent": urgent, "data": data or {}, "recipient": user_id}
    return _line_up(chosen, key, community_id, message)


def push(
    system: str, *, key: str, title: str, text: str, path: str = "", community_id: int | None, data: dict[str, Any]
) -> int:
    """Line up what another system is told about its own; returns for how many channels. Nothing personal goes in."""
    rows = DeliveryChannel.objects.filter(
        Q(community_id=None) | Q(community_id=community_id), is_active=True, system=system, kind=ChannelKind.WEBHOOK
    ).exclude(system="")
    message = {"title": title, "text": text, "path": path, "urgent": False, "data": data, "recipient": None}
    return _line_up(list(rows), key, community_id, message)


def _line_up(rows: list[DeliveryChannel], key: str, community_id: int | None, message: dict[str, Any]) -> int:
    OutboxMessage.objects.bulk_create(
        (
            OutboxMessage(
                topic=TOPIC,
                key=f"{TOPIC}:{row.pk}:{key}",
                community_id=community_id,
                payload={"channel": row.pk, "name": row.name, **message},
            )
            for row in rows
        ),
        ignore_conflicts=True,
    )
    return len(rows)


def _recipient(user_id: int) -> Recipient | None:
    """None when the account has ended."""
    user: User | None = get_user_model().objects.filter(pk=user_id, is_active=True, is_service=False).first()  # type: ignore[assignment, misc]
    if user is None or (user.valid_until and user.valid_until < timezone.localdate()):
        return None
    return recipient_of(user)


def recipient_of(user: "User") -> Recipient:
    """The addresses of an account."""
    return Recipient(user.pk, user.full_name or user.username, user.username, user.email, user.phone)


# -- sending


def deliver(message: OutboxMessage) -> None:
    """Send one row of `forward` or `push`. Handler of TOPIC; outside any transaction.

    The addresses are read now, not when it was written: nothing personal lies in the outbox for long.
    Raises DeliveryFailed, PermanentFailure.
    """
    told = message.payload
    row = DeliveryChannel.objects.filter(pk=told["channel"], is_active=True).first()
    if row is None:
        raise _permanent("channel_gone")
    who = None
    if told["recipient"] is not None:
        who = _recipient(told["recipient"])
        if who is None:
            raise _permanent("recipient_gone")
    channel_of(row).send(
        Delivery(
            key=message.key,
            title=told["title"],
            text=told["text"],
            path=told["path"],
            urgent=told["urgent"],
            recipient=who,
            data=told["data"],
        )
    )


def _permanent(code: str) -> PermanentFailure:
    return PermanentFailure(code, REASONS[code])


def _retry(code: str) -> DeliveryFailed:
    return DeliveryFailed(code, REASONS[code])


def reason_in_words(code: str) -> str:
    """What the admin shows for the code that a failed delivery has left; other texts as they are."""
    return REASONS.get(code) or webhooks.reason_in_words(code)
