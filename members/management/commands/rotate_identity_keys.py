"""Seal every identity number anew under the current IDENTITY_KEY; afterwards IDENTITY_KEYS_OLD can go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from liangcheng.common import sealing
from members.identity import row_name
from members.models import IdentityNumber


class Command(BaseCommand):
    help = "用现在的 IDENTITY_KEY 重新加密全部身份证号。旧密钥先放进 IDENTITY_KEYS_OLD，全部完成后再去掉。"

    def handle(self, *args: Any, **options: Any) -> None:
        renewed, failed = 0, []
        waiting = IdentityNumber.objects.exclude(sealed__startswith=f"{sealing.current_key_id()}:")
        for pk in list(waiting.order_by("pk").values_list("pk", flat=True)):
            try:
                renewed += _renew(pk)
            except sealing.CannotOpen:
                failed.append(pk)
        self.stdout.write(f"重新加密 {renewed} 条。")
        if failed:
            numbers = "、".join(map(str, failed[:20]))
            raise CommandError(f"{len(failed)} 条打不开，缺少当时的密钥或数据已损坏（党员记录号 {numbers}）。")


def _renew(pk: int) -> bool:
    """One row, locked: somebody may be writing it under the new key right now."""
    with transaction.atomic():
        row = IdentityNumber.objects.select_for_update().filter(pk=pk).first()
        if row is None or row.sealed.startswith(f"{sealing.current_key_id()}:"):
            return False
        number = sealing.unseal(row.sealed, row_name(pk))
        row.sealed, row.digest = sealing.seal(number, row_name(pk)), sealing.digest(number)
        row.save(update_fields=["sealed", "digest"])
        return True
