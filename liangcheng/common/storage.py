"""Static files with a hash in their names, so that browsers may keep them for ever."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class ManifestStorage(ManifestStaticFilesStorage):
    """Not compressed: that costs seconds at set-up. Not strict: a missing entry must not take a page down."""

    manifest_strict = False
