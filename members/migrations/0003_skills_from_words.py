"""特长 typed as words become rows, so that an offer can ask for them."""

import re

from django.db import migrations


def split_words(apps, schema_editor):
    PartyMember = apps.get_model("members", "PartyMember")
    Skill = apps.get_model("members", "Skill")
    for member in PartyMember.objects.exclude(skill_words="").iterator():
        for word in re.split(r"[\s、,，;；/]+", member.skill_words):
            if word:
                member.skills.add(Skill.objects.get_or_create(name=word[:20])[0])


class Migration(migrations.Migration):
    dependencies = [("members", "0002_people_teams_venues")]
    operations = [migrations.RunPython(split_words, migrations.RunPython.noop)]
