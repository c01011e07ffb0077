"""manage.py sweep: do what the clock has to do now. The worker does it every minute; repeating it changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand

from cases.choices import Tick
from cases.sweep import sweep


class Command(BaseCommand):
    help = "立即执行到期提醒、自动上报、超时收回和自动结案。可重复运行，也可与后台任务同时运行。"

    def handle(self, *args: Any, **options: Any) -> None:
        done = sweep()
        for tick in Tick:
            if done[tick.value]:
                self.stdout.write(f"{tick.label}：{done[tick.value]} 件")
        if done["failed"]:
            self.stdout.write(f"处理失败：{done['failed']} 件，一小时后再试，原因见日志。")
        if not done:
            self.stdout.write("目前没有到期的事项。")
