"""manage.py compile_catalogue: the .po of liangcheng/locale → its .mo, without the gettext tools.

Bare office machines have no msgfmt, so the .mo is committed, and a test compares it with its source.
"""

import ast
import struct
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


def read_po(text: str) -> dict[str, str]:
    """Message → translation. Understands what this project writes: no contexts, one plural form."""
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    key = ""
    for line in [*text.splitlines(), ""]:
        line = line.strip()
        if line.startswith("#"):
            continue
        if not line:
            if "msgid" in parts and parts.get("msgstr"):
                plural = parts.get("msgid_plural")
                found[parts["msgid"] + ("\0" + plural if plural else "")] = parts["msgstr"]
            parts = {}
            continue
        if not line.startswith('"'):
            key, _, line = line.partition(" ")
            key = key.removesuffix("[0]")
        parts[key] = parts.get(key, "") + ast.literal_eval(line)
    return found


def mo_bytes(messages: dict[str, str]) -> bytes:
    """GNU MO, little-endian: header, table of originals, table of translations, strings; sorted by original."""
    pairs = sorted((original.encode(), translated.encode()) for original, translated in messages.items())
    tables_end = 28 + 16 * len(pairs)
    sides: list[list[bytes]] = [[pair[0] for pair in pairs], [pair[1] for pair in pairs]]
    tables, strings = b"", b""
    for side in sides:
        for text in side:
            tables += struct.pack("<II", len(text), tables_end + len(strings))
            strings += text + b"\0"
    head = struct.pack("<IIIIIII", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, tables_end)
    return head + tables + strings


def catalogues() -> list[Path]:
    return sorted(path for folder in settings.LOCALE_PATHS for path in Path(folder).rglob("*.po"))


class Command(BaseCommand):
    help = "编译项目自己的中文词条（不需要 gettext）。"

    def handle(self, *args: Any, **options: Any) -> None:
        for path in catalogues():
            path.with_suffix(".mo").write_bytes(mo_bytes(read_po(path.read_text("utf-8"))))
            self.stdout.write(f"{path.with_suffix('.mo').name}：已更新")
