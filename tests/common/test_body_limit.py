"""A page's request that announces more than the limit is refused unread, in words."""

from django.test import Client, override_settings


@override_settings(REQUEST_MAX_BYTES=1000)
def test_large_pages_are_refused_small_ones_are_not(db):
    client = Client()
    refused = client.post("/accounts/login/", {"username": "x" * 2000, "password": "y"})
    assert refused.status_code == 413
    assert "内容过大" in refused.content.decode()
    assert client.post("/accounts/login/", {"username": "x", "password": "y"}).status_code == 200
