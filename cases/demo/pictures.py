"""Small drawn scenes, before and after: no photo of a real place or person belongs in a demo."""

import io
from collections.abc import Callable
from random import Random

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from cases.choices import PhotoKind
from cases.photos import Photo, read_photo

_SIZE = (480, 360)
Draw = ImageDraw.ImageDraw


def _wall(draw: Draw, rng: Random, before: bool) -> None:
    """A wall with a damp patch; painted over afterwards."""
    draw.rectangle((0, 0, 480, 280), fill=(226, 220, 206))
    draw.rectangle((0, 280, 480, 360), fill=(150, 132, 112))
    draw.rectangle((330, 60, 440, 280), fill=(120, 88, 60))
    x, y = rng.randint(60, 140), rng.randint(50, 90)
    if before:
        for size, colour in ((70, (196, 184, 158)), (48, (160, 146, 116)), (26, (110, 104, 84))):
            draw.ellipse((x - size, y - size // 2, x + size, y + size), fill=colour)
    else:
        draw.rectangle((x - 80, y - 50, x + 80, y + 80), fill=(238, 234, 224))


def _street(draw: Draw, rng: Random, before: bool) -> None:
    """A pavement with rubbish; swept afterwards."""
    draw.rectangle((0, 0, 480, 140), fill=(170, 200, 224))
    for left in range(0, 480, 120):
        draw.rectangle((left + 8, 40, left + 104, 200), fill=(190, 150 + left // 12, 130))
    draw.rectangle((0, 200, 480, 360), fill=(168, 168, 166))
    for _ in range(rng.randint(5, 9) if before else 0):
        x, y, size = rng.randint(60, 400), rng.randint(220, 310), rng.randint(14, 30)
        draw.ellipse((x, y, x + size * 2, y + size), fill=rng.choice([(40, 40, 44), (60, 90, 60), (190, 190, 200)]))


def _parking(draw: Draw, rng: Random, before: bool) -> None:
    """A yellow no-parking grid with cars on it; empty afterwards."""
    draw.rectangle((0, 0, 480, 150), fill=(206, 214, 220))
    draw.rectangle((0, 150, 480, 360), fill=(98, 100, 104))
    for left in range(-200, 480, 60):
        draw.line((left, 340, left + 160, 190), fill=(230, 190, 40), width=5)
    for place in range(rng.randint(2, 3) if before else 0):
        x, colour = 30 + place * 150, rng.choice([(170, 40, 40), (50, 80, 140), (220, 220, 220)])
        draw.rectangle((x, 210, x + 120, 270), fill=colour)
        draw.polygon([(x + 20, 210), (x + 40, 175), (x + 88, 175), (x + 105, 210)], fill=(60, 70, 80))
        for wheel in (x + 16, x + 82):
            draw.ellipse((wheel, 255, wheel + 26, 281), fill=(20, 20, 20))


def _green(draw: Draw, rng: Random, before: bool) -> None:
    """A tree before a window; pruned afterwards."""
    draw.rectangle((0, 0, 480, 290), fill=(214, 206, 196))
    for left in (60, 200, 340):
        draw.rectangle((left, 50, left + 80, 150), fill=(120, 150, 170))
    draw.rectangle((0, 290, 480, 360), fill=(120, 160, 90))
    draw.rectangle((228, 160, 248, 320), fill=(104, 76, 50))
    reach = 150 if before else 70
    for _ in range(18):
        x, y = 238 + rng.randint(-reach, reach), 130 + rng.randint(-reach // 2, reach // 3)
        draw.ellipse((x - 36, y - 26, x + 36, y + 26), fill=(60 + rng.randint(0, 30), 120 + rng.randint(0, 30), 60))


_SCENES: dict[str, Callable[[Draw, Random, bool], None]] = {
    "02": _wall,
    "04": _parking,
    "0507": _green,
    "0508": _green,
    "0509": _wall,
    "07": _wall,
}


def picture(category_code: str, rng: Random, kind: str) -> Photo:
    """A scene that fits the category, different from case to case."""
    scene = _SCENES.get(category_code) or _SCENES.get(category_code[:2]) or _street
    image = Image.new("RGB", _SIZE)
    scene(ImageDraw.Draw(image), rng, kind == PhotoKind.BEFORE)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return read_photo(ContentFile(out.getvalue(), name="demo.jpg"), kind)
