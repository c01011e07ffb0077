"""manage.py check_deadlines [--open] [--repair]: is every deadline what the history of its case says?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.models import Case
from cases.recompute import differences, ended_before_change, recompute_open

_SHOWN = 20


class Command(BaseCommand):
    help = "按案件记录重新计算每件案件的期限，与保存的期限核对。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--open", action="store_true", help="只核对未办结案件")
        parser.add_argument("--repair", action="store_true", help="把未办结案件改为计算的结果，并记入案件记录")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["repair"]:
            self.stdout.write(recompute_open().text)
        cases = Case.objects.open() if options["open"] else Case.objects.all()
        older = set() if options["open"] else set(ended_before_change().values_list("number", flat=True))
        found = list(differences(cases))
        faults = [each for each in found if each.number not in older]
        for each in faults[:_SHOWN]:
            self.stdout.write(f"{each.number} {each.field}：保存的是 {each.stored}，应为 {each.expected}")
        self.stdout.write(f"已核对 {cases.count()} 件案件。")
        if len(found) > len(faults):
            kept = len({each.number for each in found} - {each.number for each in faults})
            self.stdout.write(f"另有 {kept} 件在日历最近一次变动前已办结，期限按当时的日历，保持不变。")
        if faults:
            raise CommandError(f"有 {len({each.number for each in faults})} 件案件的期限与记录不符。")
