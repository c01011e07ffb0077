"""Members who were invited stood there by name, for everybody who may see the case."""

from django.db import migrations

from liangcheng.common.text import mask_name, mask_phone


def mask_members(apps, schema_editor):
    invitee = apps.get_model("cases", "Invitee")
    for row in invitee.objects.filter(member__isnull=False).select_related("member").iterator():
        row.name = f"{mask_name(row.member.name)} {mask_phone(row.member.phone)}".strip()
        row.save(update_fields=["name"])


class Migration(migrations.Migration):
    dependencies = [("cases", "0008_category_owner"), ("members", "0006_identity_numbers")]

    operations = [migrations.RunPython(mask_members, migrations.RunPython.noop, elidable=True)]
