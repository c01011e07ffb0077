from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("members", "0003_skills_from_words")]
    operations = [
        migrations.RemoveField("partymember", "skill_words"),
        migrations.RemoveField("historicalpartymember", "skill_words"),
    ]
