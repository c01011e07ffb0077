"""manage.py import_grids FILE.csv|xlsx [--apply] [--retire-missing]: bring a table of grids into the tree."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grids.imports import Outcome, import_file
from liangcheng.common.exceptions import DomainError

SHOWN = 40


class Command(BaseCommand):
    help = "导入网格表（csv 或 xlsx）。默认只试运行、不写入；确认后加 --apply。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="网格表，列见 fixtures/README.md，表头可用中文")
        parser.add_argument("--apply", action="store_true", help="写入；有任何错误则一行都不写")
        parser.add_argument(
            "--retire-missing", action="store_true", help="停用表中没有的网格（正式划分表替换示例时用）"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"找不到文件 {path}。")
        try:
            outcome = import_file(path, apply=options["apply"], retire_missing=options["retire_missing"])
        except DomainError as error:
            raise CommandError(error.message) from error
        if outcome.problems:
            for problem in outcome.problems:
                self.stderr.write(str(problem))
            raise CommandError(f"共 {len(outcome.problems)} 处错误，没有写入任何内容。请改好后重新导入。")
        if options["verbosity"]:
            self._report(outcome, options["retire_missing"], options["verbosity"])

    def _report(self, outcome: Outcome, retire_missing: bool, verbosity: int) -> None:
        shown = outcome.changes if verbosity > 1 else outcome.changes[:SHOWN]
        for change in shown:
            self.stdout.write(change)
        if len(shown) < len(outcome.changes):
            self.stdout.write(f"…… 另有 {len(outcome.changes) - len(shown)} 项（-v 2 全部列出）")
        if outcome.missing and not retire_missing:
            self.stdout.write(f"表中没有的在用网格 {len(outcome.missing)} 个，保持不变。")
        if not outcome.changes:
            self.stdout.write("没有变化：网格树与表格一致。")
            return
        figures = "、".join(f"{what} {number} 个" for what, number in outcome.counts.items())
        done = "已写入" if outcome.applied else "试运行（未写入）"
        hint = "" if outcome.applied else "确认后加 --apply。"
        self.stdout.write(f"{done}：{figures}。{hint}")
