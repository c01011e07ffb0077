"""特长 typed as words become rows, so that an offer can ask for them."""

import re

from django.db import migrations


def split_words(apps, schema_editor):
    PartyMember = apps.get_model("members", "PartyMember")
    Skill = apps.get_model("members", "Skill")
    for member in PartyMember.objects.exclude(skill_words="").iterator():
        words = [word for word in re.split(r"[、,，;；\n]+", member.skill_words) if word.strip()]
        for word in words:
            member.skills.add(Skill.objects.get_or_create(name=word.strip()[:20])[0])
        if any(len(word.strip()) > 20 for word in words):
            # More than a word: kept whole where people write freely.
            member.note = f"{member.note} 特长：{member.skill_words}".strip()[:300]
            member.save(update_fields=["note"])


class Migration(migrations.Migration):
    dependencies = [("members", "0002_people_teams_venues")]
    operations = [migrations.RunPython(split_words, migrations.RunPython.noop)]
