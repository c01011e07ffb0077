"""Photos as they come from a phone: checked, turned upright, shrunk, re-encoded without EXIF."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from cases.choices import PhotoKind
from liangcheng.common.exceptions import InvalidInput

_FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True)
class Photo:
    """A JPEG ready to be stored; `digest` is the SHA-256 of its bytes."""

    content: bytes
    digest: str
    width: int
    height: int
    kind: str


def read_photo(file: Any, kind: str = PhotoKind.BEFORE) -> Photo:
    """Read an uploaded file whatever its name says; slow, so call it before the transaction begins.

    Raises InvalidInput (field `photos`): too many bytes, too many pixels, or no picture at all.
    """
    if file.size > settings.PHOTO_MAX_BYTES:
        megabytes = settings.PHOTO_MAX_BYTES // (1024 * 1024)
        raise _refused("photo_too_large", f"照片“{_shown(file)}”超过 {megabytes} MB，请压缩后再传。")
    try:
        return _encode(file, kind)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused("photo_too_many_pixels", f"照片“{_shown(file)}”尺寸过大，请缩小后再传。") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise _refused("photo_unreadable", f"“{_shown(file)}”不是可用的照片，请上传 JPG、PNG 或 WebP 图片。") from None


def _encode(file: Any, kind: str) -> Photo:
    edge = settings.PHOTO_MAX_EDGE
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        file.seek(0)
        with Image.open(file, formats=_FORMATS) as image:
            if image.width * image.height > settings.PHOTO_MAX_PIXELS:
                raise Image.DecompressionBombError
            image.draft("RGB", (edge, edge))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((edge, edge))
            out = io.BytesIO()
            plain = upright.convert("RGB")
            # Pillow would write a comment of the old file into the new one.
            plain.info = {}
            plain.save(out, "JPEG", quality=85, optimize=True)
            width, height = upright.size
    content = out.getvalue()
    return Photo(content, hashlib.sha256(content).hexdigest(), width, height, kind)


def _shown(file: Any) -> str:
    return (getattr(file, "name", "") or "照片")[-40:]


def _refused(code: str, message: str) -> InvalidInput:
    return InvalidInput(code, message, field="photos")
