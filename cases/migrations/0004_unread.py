"""Count the unread notices that people have already (accounts.User.unread)."""

from django.db import migrations
from django.db.models import Count


def count(apps, schema_editor):
    """Set each person's number to what their inbox holds."""
    notices = apps.get_model("cases", "Notice").objects.filter(read_at__isnull=True)
    users = apps.get_model("accounts", "User").objects
    for row in notices.order_by().values("recipient").annotate(found=Count("pk")):
        users.filter(pk=row["recipient"]).update(unread=row["found"])


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_deadlines_and_together"),
        ("accounts", "0002_email_unread"),
    ]

    operations = [migrations.RunPython(count, migrations.RunPython.noop, elidable=True)]
