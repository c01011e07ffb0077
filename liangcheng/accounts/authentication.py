"""Tokens of service accounts: knox's (hashed, expiring), read in one statement with the account and its scopes."""

import binascii
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication, compare_digest
from knox.crypto import hash_token
from knox.models import AuthToken
from knox.settings import CONSTANTS
from rest_framework.exceptions import AuthenticationFailed

from liangcheng.accounts.models import User

_REFUSED = "令牌无效或已过期，请向街道管理员申请新的令牌。"


class ServiceTokenAuthentication(TokenAuthentication):
    """`Authorization: Token …`. Only service accounts hold tokens; people sign in."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, Any]:
        try:
            text = token.decode("ascii")
            digest = hash_token(text)
        except (UnicodeDecodeError, TypeError, binascii.Error, ValueError):
            raise AuthenticationFailed(_REFUSED, code="invalid_token") from None
        rows = AuthToken.objects.filter(
            token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH], user__is_service=True
        ).select_related("user__service_account")
        for row in rows:
            if compare_digest(digest, row.digest):
                return self._accepted(row)
        raise AuthenticationFailed(_REFUSED, code="invalid_token")

    def _accepted(self, row: Any) -> tuple[User, Any]:
        user = cast(User, row.user)
        ended = user.valid_until and user.valid_until < timezone.localdate()
        if not user.is_active or ended or (row.expiry and row.expiry < timezone.now()):
            raise AuthenticationFailed(_REFUSED, code="invalid_token")
        return user, row


class ServiceTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ServiceTokenAuthentication
    name = "serviceToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "填写：Token 加空格加令牌。",
        }
