"""manage.py demo_accounts: the sign-in names of the demo, one per line: name, tab, who that is."""

from typing import Any

from django.core.management.base import BaseCommand

from cases.demo import people, seed

_HOTLINE = "12345 热线接入账号：不能登录页面，令牌由 admin 在“管理后台”的“系统接入账号”里签发"


class Command(BaseCommand):
    help = "列出演示账号：登录名、制表符、说明。没有演示数据时什么也不列。"
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not seed.is_seeded():
            return
        for person in people.SIGN_INS:
            self.stdout.write(f"{person.username}\t{person.about}")
        self.stdout.write(f"{people.HOTLINE}\t{_HOTLINE}")
