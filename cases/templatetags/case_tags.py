"""How a case shows itself in templates: its light, its status, personal data masked."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cases import handover, returns
from cases.choices import Light, Urgency
from cases.lights import light, light_text
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
def case_marks(case: Case) -> SafeString:
    """What is out of the ordinary, in words: urgency, confidential, returned."""
    marks = []
    if case.urgency in {Urgency.URGENT, Urgency.EMERGENCY}:
        marks.append(("tag-red", case.get_urgency_display()))
    if case.confidential:
        marks.append(("tag-line", "保密"))
    if case.is_open and case.rework_count:
        marks.append(("tag-yellow", "返工"))
    elif case.is_open and case.return_count:
        marks.append(("tag-yellow", f"退单{case.return_count}次"))
    return SafeString(" ".join(format_html('<span class="tag {}">{}</span>', css, word) for css, word in marks))
