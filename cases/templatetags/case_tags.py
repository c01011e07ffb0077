"""How a case shows itself in templates: its light, its status, personal data masked."""

from collections.abc import Iterator

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cases import handover, returns
from cases.choices import ContactLight, Light, Urgency
from cases.lights import contact_light, light, light_text
from cases.models import Case
from cases.scoping import may_discover
from liangcheng.accounts.models import User
from liangcheng.common.text import mask_name, mask_phone

register = template.Library()
register.filter("mask_name", mask_name)
register.filter("mask_phone", mask_phone)


@register.simple_tag
def may_file(user: User) -> bool:
    """Whether filing a case is offered at all."""
    return may_discover(user)


@register.simple_tag
def may_hand_over(user: User) -> bool:
    """Whether 工作交接 is offered at all."""
    return handover.may_hand_over(user)


@register.simple_tag
def may_read_returns(user: User) -> bool:
    """Whether the figures of 退单 are offered at all."""
    return returns.may_read(user)


@register.simple_tag
def own_returns(user: User) -> list[returns.Figure]:
    """退单 of the user and of their departments; empty where there was neither a dispatch nor a return."""
    return returns.own(user)


@register.simple_tag
def case_light(case: Case) -> str | SafeString:
    """The deadline light with its words; nothing where there is no limit."""
    shown = light(case)
    if shown == Light.NONE:
        return ""
    return format_html('<span class="light light-{}">{}</span>', shown.value, light_text(case))


@register.simple_tag
def case_status(case: Case) -> SafeString:
    return format_html('<span class="tag tag-{}">{}</span>', case.status, case.get_status_display())


@register.simple_tag
def case_contact(case: Case) -> str | SafeString:
    """The light of 先行联系 while it is owed and in time; once late it is among the marks, here and in lists."""
    if contact_light(case) != ContactLight.WAITING:
        return ""
    return format_html('<span class="light light-contact-waiting">{}</span>', "待先行联系")


@register.simple_tag
def case_marks(case: Case) -> SafeString:
    """What is out of the ordinary, in words; from the row alone, without a statement."""
    tags = (format_html('<span class="tag {}">{}</span>', css, word) for css, word in marks_of(case))
    return SafeString(" ".join(tags))


def marks_of(case: Case) -> Iterator[tuple[str, str]]:
    """(class, word) for each of a case's marks. What only matters while something is to be done ends with the case."""
    if case.urgency in {Urgency.URGENT, Urgency.EMERGENCY}:
        yield "tag-red", case.get_urgency_display()
    if case.confidential:
        yield "tag-line", "保密"
    if case.supervised:
        yield "tag-red" if case.is_open else "tag-line", "督办"
    if case.is_open:
        yield from _marks_of_open(case)
    if case.second_grid_id:
        yield "tag-line", "交界"
    if case.heat > 1:
        yield "tag-line", f"{case.heat} 人次反映"


def _marks_of_open(case: Case) -> Iterator[tuple[str, str]]:
    if contact_light(case) == ContactLight.LATE:
        yield "tag-red", "先行联系超时"
    if case.extension_days:
        yield "tag-yellow", "延期待审批"
    if case.rework_count:
        yield "tag-yellow", "返工"
    if case.return_count:
        yield "tag-red" if case.bounced else "tag-yellow", f"退单 {case.return_count} 次"
