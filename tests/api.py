"""Calling the API in tests: as a person (forced session user) or as a service account with a real token."""

import io
from typing import Any

from knox.models import AuthToken
from PIL import Image
from rest_framework.test import APIClient

from liangcheng.accounts.models import User

ROOT = "/api/v1"


def client_of(user: User) -> APIClient:
    """As a new request of `user` would come: no scope cached on the instance."""
    client = APIClient()
    client.force_authenticate(User.objects.select_related("service_account").get(pk=user.pk))
    return client


def token_client(account: User, **options: Any) -> APIClient:
    """With a fresh token of a service account."""
    _, token = AuthToken.objects.create(user=account, **options)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def get(user: User, path: str, **headers: Any) -> Any:
    return client_of(user).get(f"{ROOT}/{path}", **headers)


def post(user: User, path: str, body: Any = None, **headers: Any) -> Any:
    return client_of(user).post(f"{ROOT}/{path}", {} if body is None else body, format="json", **headers)


def is_problem(response: Any, status: int, code: str) -> bool:
    """Whether `response` is a whole problem JSON with this status and code, in Chinese."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body = response.json()
    assert {"type", "title", "status", "code", "detail", "request_id"} <= set(body), body
    assert (body["status"], body["code"]) == (status, code), body
    assert response.status_code == status
    words = [body["title"], body["detail"], *(text for texts in body.get("errors", {}).values() for text in texts)]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in word) for word in words), words
    assert body["request_id"] == response["X-Request-ID"]
    return True


def picture(size: tuple[int, int] = (40, 30)) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, "green").save(file, "PNG")
    file.seek(0)
    file.name = "现场.png"
    return file
