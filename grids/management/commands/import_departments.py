"""manage.py import_departments FILE.csv [--grid CODE]: load the departments that serve a grid."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grids.choices import GridKind
from grids.departments import load_departments
from grids.models import Grid
from liangcheng.common.exceptions import DomainError


class Command(BaseCommand):
    help = "导入条线部门表（csv 或 xlsx）。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--grid", default="", help="服务网格的编码；只有一个街道时可不填")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["file"].is_file():
            raise CommandError(f"找不到文件 {options['file']}。")
        code = options["grid"]
        grids = list(Grid.objects.filter(code=code) if code else Grid.objects.filter(kind=GridKind.COMMUNITY)[:2])
        if len(grids) != 1:
            raise CommandError("没有这个网格。" if code else "请用 --grid 指定服务网格（现有街道不是正好一个）。")
        try:
            created, changed = load_departments(options["file"], grids[0])
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"条线部门：新增 {created} 个，更新 {changed} 个。")
