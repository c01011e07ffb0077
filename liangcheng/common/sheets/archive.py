"""An xlsx file looked over before any parser reads it: it is a zip of XML, and anybody may have made it.

Sizes are counted as declared; zipfile gives out no byte more than an entry declares.
"""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from liangcheng.common.exceptions import InvalidInput

BYTES_MOST = 4 * 1024 * 1024
LINES_MOST = 20_000
_ENTRIES_MOST = 400
_TOTAL_MOST = 64 * 1024 * 1024
_ENTRY_MOST = 40 * 1024 * 1024
# Everything that is no sheet (strings, styles) is read whole.
_PART_MOST = 12 * 1024 * 1024
_CELLS_MOST = 600_000
_CHUNK = 1024 * 1024
_OVERLAP = 256

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ROW = re.compile(rb"<(?:\w+:)?row[\s>/]")
_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})[\"']")
_TOO_MANY = "一次最多导入 {most} 行，这份表格超过了，请分成几份。空行太多也算，请删掉下面多余的空行。"


def look_over(file: BinaryIO, *, most: int) -> dict[str, list[str]]:
    """The merged ranges of each part of an xlsx file. `most`: the rows that will be taken, for the words.

    Raises InvalidInput: no xlsx (old .xls, CSV, encrypted …), too large, too many rows, entities in the XML.
    """
    _refuse_other_kinds(file)
    try:
        with zipfile.ZipFile(file) as archive:
            _refuse_large(archive)
            return {info.filename: _scan(archive, info, most) for info in archive.infolist() if _is_xml(info)}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, RuntimeError):
        raise _refused("bad_file", "文件已损坏，打不开。请用 Excel 或 WPS 另存为 xlsx 后再上传。") from None
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise _refused("bad_file", "文件已损坏，打不开。请用 Excel 或 WPS 另存为 xlsx 后再上传。") from None
        raise


def _refuse_other_kinds(file: BinaryIO) -> None:
    file.seek(0, 2)
    if file.tell() > BYTES_MOST:
        raise _refused("file_too_large", f"文件超过 {BYTES_MOST // 1024 // 1024} MB，请分成几份导入。")
    file.seek(0)
    content = file.read()
    file.seek(0)
    if not content:
        raise _refused("bad_file", "文件是空的，请重新选择。")
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise _refused("encrypted", "文件设了打开密码，读不了。请在 Excel 里取消密码后再上传。")
        raise _refused("old_xls", "这是老格式（xls）的表格，请在 Excel 或 WPS 里“另存为”xlsx 后再上传。")
    if not content.startswith(b"PK"):
        raise _refused(
            "bad_file", "这不是 xlsx 表格（可能是改了名字的 CSV 或网页）。请在 Excel 或 WPS 里“另存为”xlsx 后再上传。"
        )


def _refuse_large(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise _refused("encrypted", "文件设了密码，读不了。请取消密码后再上传。")
    names = {entry.filename.lower() for entry in entries}
    if "[content_types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise _refused("bad_file", "这不是 Excel 工作簿。请下载模板，填好后上传。")
    large = len(entries) > _ENTRIES_MOST or sum(entry.file_size for entry in entries) > _TOTAL_MOST
    if large or any(entry.file_size > _most(entry) for entry in entries):
        raise _refused("file_too_large", "文件解开后太大，读不了。请只留要导入的一张表，图片和多余的空行请删掉。")


def _most(entry: zipfile.ZipInfo) -> int:
    return _ENTRY_MOST if "worksheets/" in entry.filename.lower() or not _is_xml(entry) else _PART_MOST


def _is_xml(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.lower().endswith((".xml", ".rels"))


def _scan(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> list[str]:
    """The merged ranges of one part, in one pass that keeps nothing else; stops where there is too much."""
    counted: dict[str, int] = defaultdict(int)
    merged: list[str] = []
    for chunk, new_from in _chunks(archive, entry):
        if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
            raise _refused("bad_file", "文件里有不该有的内容，不能读取。请用 Excel 或 WPS 重新另存为 xlsx。")
        counted["rows"] += sum(1 for found in _ROW.finditer(chunk) if found.end() > new_from)
        counted["cells"] += sum(1 for found in _CELL.finditer(chunk) if found.end() > new_from)
        if counted["rows"] > LINES_MOST or counted["cells"] > _CELLS_MOST:
            raise _refused("too_many_rows", _TOO_MANY.format(most=most))
        merged += [found[1].decode() for found in _MERGED.finditer(chunk) if found.end() > new_from]
    return merged


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[tuple[bytes, int]]:
    """Pieces that overlap, so that no tag is cut in two, and where in each the new bytes begin."""
    tail = b""
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            if not tail and piece[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<"):
                _refuse_encoding()
            yield tail + piece, len(tail)
            tail = (tail + piece)[-_OVERLAP:]


def _refuse_encoding() -> NoReturn:
    raise _refused("bad_file", "文件的编码不是 Excel 用的那种，请用 Excel 或 WPS 重新另存为 xlsx。")


def _refused(code: str, message: str) -> InvalidInput:
    return InvalidInput(code, message, field="file")
