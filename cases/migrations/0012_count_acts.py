"""Cases of before get the counts that figures ask for, from their history."""

from typing import Any

from django.db import migrations
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

_COUNTED = {"dispatch_count": "dispatch", "suspend_count": "suspend"}


def count_acts(apps: Any, schema_editor: Any) -> None:
    Case, CaseEvent = apps.get_model("cases", "Case"), apps.get_model("cases", "CaseEvent")
    for field, act in _COUNTED.items():
        events = CaseEvent._base_manager.filter(act=act)
        number = events.filter(case=OuterRef("pk")).order_by().values("case").annotate(n=Count("pk")).values("n")
        counted = Coalesce(Subquery(number, output_field=IntegerField()), 0)
        Case._base_manager.filter(pk__in=events.order_by().values("case")).update(**{field: counted})


class Migration(migrations.Migration):
    dependencies = [("cases", "0011_figures")]
    operations = [migrations.RunPython(count_acts, migrations.RunPython.noop)]
