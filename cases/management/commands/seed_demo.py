"""manage.py seed_demo: invent people and cases, once, in an installation that nobody works in yet."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.demo import people, seed
from grids.choices import GridKind
from grids.models import Grid


class Command(BaseCommand):
    help = "生成演示人员和案件（只在空系统中生成一次）。密码取自环境变量 DEMO_PASSWORD。"
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("DEMO_PASSWORD", "")
        if not password:
            raise CommandError("请先设置环境变量 DEMO_PASSWORD（演示账号的密码），或用 ./run 启动。")
        if seed.is_seeded():
            changed = people.keep_password(password)
            self.stdout.write("演示数据已经有了。" + ("演示账号的密码已更新。" if changed else ""))
            return
        if seed.in_use():
            self.stdout.write("系统里已有账号或案件，不再生成演示数据。")
            return
        street = Grid.objects.active().filter(kind=GridKind.COMMUNITY).order_by("code").first()
        if street is None:
            raise CommandError("还没有网格数据，请先运行 load_reference。")
        done = seed.seed(street, password)
        self.stdout.write(f"已生成演示数据：人员 {done.people} 名，案件 {done.cases} 件，办理 {done.acts} 次。")
