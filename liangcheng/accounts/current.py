"""The user behind a request, typed."""

from typing import cast

from django.http import HttpRequest

from liangcheng.accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """The user of a page that only lets signed-in people in."""
    return cast(User, request.user)
