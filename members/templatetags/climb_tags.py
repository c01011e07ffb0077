"""Steps as a small staircase with its word."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def stairs(level: int, top: int) -> SafeString:
    """Climbed steps filled, the others outlined; “2/3” beside it, so that neither colour nor picture is needed."""
    steps = format_html_join("", "<i{}></i>", ((SafeString(' class="on"') if n < level else "",) for n in range(top)))
    return format_html(
        '<span class="stairs" aria-hidden="true">{}</span><span class="step-word num">{}/{}</span>', steps, level, top
    )
