"""manage.py check_grid_tree [--repair]: is the grid tree sound? Exit code 1 while a fault remains."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from grids.checks import check_tree, repair_tree


class Command(BaseCommand):
    help = "检查网格树（次序、层级、上级、路径列）；--repair 修复可以自动修复的问题。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="修复次序、层数和路径列")

    def handle(self, *args: Any, **options: Any) -> None:
        faults = check_tree()
        for fault in faults:
            self.stdout.write(f"[{fault.code}] {fault.message}")
        if faults and options["repair"]:
            self.stdout.write(f"已修复 {repair_tree()} 行。")
            faults = check_tree()
            for fault in faults:
                self.stdout.write(f"仍有问题 [{fault.code}] {fault.message}")
        if faults:
            self.stderr.write(f"网格树有 {len(faults)} 处问题。")
            raise SystemExit(1)
        self.stdout.write("网格树完好。")
