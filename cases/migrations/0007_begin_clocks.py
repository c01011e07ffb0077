"""Cases from before the clock: it begins with them today. By itself: PostgreSQL takes no rows and tables together."""

from django.db import migrations
from django.db.models import F
from django.utils import timezone


def begin_clocks(apps, schema_editor):
    """Nobody is told today of what was late long ago, and nothing is taken back or lifted in the first minute."""
    now = timezone.now()
    case = apps.get_model("cases", "Case")
    case.objects.filter(on_time_original__isnull=True).update(on_time_original=F("on_time"))
    case.objects.update(status_since=F("updated_at"), arrived_at=F("reported_at"))
    running = case.objects.filter(is_open=True)
    running.update(status_since=now, arrived_at=now, clock_at=now)
    running.filter(due_at__lt=now).update(told="overdue warn")
    running.filter(due_at__lt=now, first_contact_due_at__lt=now).update(told="contact overdue warn")
    running.filter(told="", first_contact_due_at__lt=now).update(told="contact")
    if running.exists():
        # The moments that older versions did not keep: the worker computes them.
        message = apps.get_model("common", "OutboxMessage")
        message.objects.get_or_create(key="cases.recompute:upgrade", defaults={"topic": "cases.recompute"})


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_limits_within_reason"), ("common", "0003_channels")]

    operations = [migrations.RunPython(begin_clocks, migrations.RunPython.noop, elidable=True)]
