"""Photos as they come: re-encoded, upright, without EXIF; attacks refused."""

import io
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from cases.photos import read_photo
from liangcheng.common.exceptions import InvalidInput


def picture(size: tuple[int, int] = (3000, 1000), kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


def upload(content: bytes, name: str = "a.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "image/jpeg")


def png_of(width: int, height: int) -> bytes:
    """A tiny file that claims to be huge: one-bit rows of zeros compress to almost nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" * (1 + (width + 7) // 8)) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_shrunk_upright_and_without_exif():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Secret camera"
    photo = read_photo(upload(picture(exif=exif)), "AFTER")
    stored = Image.open(io.BytesIO(photo.content))
    assert stored.format == "JPEG"
    assert not stored.getexif()
    assert b"Secret" not in photo.content
    assert (photo.width, photo.height) == stored.size == (640, 1920)
    assert photo.kind == "AFTER"


def test_comments_of_the_old_file_are_gone():
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("comment", "Secret place")
    assert b"Secret" not in read_photo(upload(picture(comment=b"Secret place"))).content
    assert b"Secret" not in read_photo(upload(picture((20, 10), "PNG", pnginfo=words), "a.png")).content


def test_png_with_transparency_and_webp_are_read():
    out = io.BytesIO()
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(out, "PNG")
    assert read_photo(upload(out.getvalue(), "a.png")).width == 20
    assert read_photo(upload(picture((20, 10), "WEBP"), "a.webp")).height == 10


def test_same_picture_has_the_same_digest():
    assert read_photo(upload(picture())).digest == read_photo(upload(picture(), "other.jpg")).digest


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7 not a picture", "photo_unreadable"),
        (b"", "photo_unreadable"),
        (picture((200, 200))[:300], "photo_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "photo_unreadable"),
        (picture((20, 20), "GIF"), "photo_unreadable"),
        (png_of(12_000, 12_000), "photo_too_many_pixels"),
        (png_of(20_000, 20_000), "photo_too_many_pixels"),
    ],
)
def test_what_is_no_usable_photo_is_refused_by_field(content: bytes, code: str):
    with pytest.raises(InvalidInput) as refused:
        read_photo(upload(content))
    assert (refused.value.code, refused.value.field) == (code, "photos")


def test_too_many_bytes_are_refused_unread(settings):
    settings.PHOTO_MAX_BYTES = 10
    with pytest.raises(InvalidInput) as refused:
        read_photo(upload(picture()))
    assert refused.value.code == "photo_too_large"
