"""manage.py check_search_keys [--repair]: is every unit and building found by what it is called now?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from members.addressbook import heal


class Command(BaseCommand):
    help = "核对单位和楼栋的检索词；--repair 补上缺少的、去掉多余的。每天夜里自动核对一次。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="改正与底册不符的检索词")

    def handle(self, *args: Any, **options: Any) -> None:
        found = heal(write=options["repair"])
        self.stdout.write(f"已核对 {found.rows} 个单位和楼栋：缺少 {found.missing} 条，多余 {found.surplus} 条检索词。")
        if not found.sound and not options["repair"]:
            raise CommandError("检索词与底册不符，请加 --repair 运行。")
        if not found.sound:
            self.stdout.write("已改正。")
