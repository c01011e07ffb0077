"""Text that must not lie readable in the database: sealed with AES-256-GCM, found again by a keyed digest (ADR 0012).

A sealed text is `<key id>:<base64 of nonce and ciphertext>` and opens only for the row it was sealed for. From each
key two are derived, one to seal and one for digests, so that neither helps against the other.
"""

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_KEY_BYTES, _NONCE_BYTES = 32, 12
# Of 32 random bytes, fewer than 20 different ones practically never occur; of words or zeros they do.
_LEAST_DIFFERENT = 20


class CannotOpen(Exception):
    """Sealed with a key that is not there, for another row, or changed since. Says nothing about the text."""


def key_fault(text: str) -> str:
    """What is wrong with a key, in words for the settings; empty if nothing."""
    if not text:
        return "没有设置"
    raw = _decoded(text)
    if len(raw) != _KEY_BYTES:
        return f"不是 {_KEY_BYTES} 字节的 base64"
    return "太简单，不是随机生成的" if len(set(raw)) < _LEAST_DIFFERENT else ""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


@dataclass(frozen=True, repr=False)
class _Key:
    id: str
    cipher: AESGCM
    mac: bytes


@lru_cache(maxsize=8)
def _key(text: str) -> _Key:
    if key_fault(text):
        raise ImproperlyConfigured("IDENTITY_KEY 或 IDENTITY_KEYS_OLD 不是 32 字节随机密钥的 base64。")
    raw = _decoded(text)
    return _Key(hashlib.sha256(b"id" + raw).hexdigest()[:8], AESGCM(_derived(raw, b"seal")), _derived(raw, b"digest"))


def _derived(raw: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"liangcheng identity " + purpose).derive(raw)


def _current() -> _Key:
    return _key(settings.IDENTITY_KEY)


def _known() -> list[_Key]:
    return [_current(), *map(_key, settings.IDENTITY_KEYS_OLD)]


def current_key_id() -> str:
    """The id that what is sealed now begins with."""
    return _current().id


def seal(text: str, row: str) -> str:
    """Seal `text` for `row` (a name such as "members.partymember:17") under the current key."""
    key, nonce = _current(), os.urandom(_NONCE_BYTES)
    sealed = nonce + key.cipher.encrypt(nonce, text.encode(), row.encode())
    return f"{key.id}:{base64.b64encode(sealed).decode()}"


def unseal(sealed: str, row: str) -> str:
    """The text again. Raises CannotOpen."""
    key_id, _, body = sealed.partition(":")
    raw = _decoded(body)
    for key in _known():
        if key.id == key_id:
            try:
                return key.cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], row.encode()).decode()
            except (InvalidTag, ValueError):
                break
    # Without the cause: its frames hold what must not be told.
    raise CannotOpen(f"sealed under {key_id[:8]}") from None


def digest(text: str) -> str:
    """The same for the same text, for finding it; tells nothing without the key."""
    return _digest(_current(), text)


def digests(text: str) -> list[str]:
    """Under the current and all older keys: what a row may carry that has not been sealed anew yet."""
    return [_digest(key, text) for key in _known()]


def _digest(key: _Key, text: str) -> str:
    return hmac.new(key.mac, text.encode(), hashlib.sha256).hexdigest()
