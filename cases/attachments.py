"""Storing photos with a case; they were read and re-encoded before the transaction (cases/photos.py)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from cases.choices import PhotoKind
from cases.models import Attachment, Case, photo_path
from cases.photos import Photo
from liangcheng.common.exceptions import InvalidInput

if TYPE_CHECKING:
    from liangcheng.accounts.models import User


def store(case: Case, photos: Sequence[Photo], *, actor: "User | None", at: datetime) -> None:
    """Add photos to a saved case; one that is there already is not added twice. At most PHOTOS_PER_CASE a case."""
    if not photos:
        return
    if case.attachments.count() + len(photos) > settings.PHOTOS_PER_CASE:
        raise InvalidInput("too_many_photos", f"每个案件最多 {settings.PHOTOS_PER_CASE} 张照片。", field="photos")
    rows = [_row(case, photo, actor, at) for photo in photos]
    for row, photo in zip(rows, photos, strict=True):
        # Named by content: what is there under this name is this picture.
        name = photo_path(row, "")
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(photo.content))
    Attachment.objects.bulk_create(rows, ignore_conflicts=True)


def _row(case: Case, photo: Photo, actor: "User | None", at: datetime) -> Attachment:
    row = Attachment(
        case=case,
        kind=photo.kind,
        digest=photo.digest,
        width=photo.width,
        height=photo.height,
        uploaded_by=actor,
        created_at=at,
    )
    row.file.name = photo_path(row, "")
    return row


def require_result_photo(case: Case, photos: Sequence[Photo]) -> None:
    """Where the category demands it, a result is shown. Raises InvalidInput (field `photos`)."""
    if not case.category.photo_required or any(photo.kind == PhotoKind.AFTER for photo in photos):
        return
    if case.pk and case.attachments.filter(kind=PhotoKind.AFTER).exists():
        return
    raise InvalidInput("missing_photo", f"“{case.category.name}”须附处置后照片。", field="photos")
