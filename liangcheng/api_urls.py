"""Addresses of the REST API, version 1. Whatever else is asked below them is a problem JSON, not an HTML page."""

from django.urls import include, path, re_path, register_converter

from liangcheng.common.api_docs import DocsView, SchemaView, UnknownView
from liangcheng.common.converters import CodeConverter

# Before the includes below are read: their paths use it.
register_converter(CodeConverter, "code")

app_name = "api"

urlpatterns = [
    path("", include("grids.api.urls")),
    path("", include("members.api.urls")),
    path("", include("cases.api.urls")),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    re_path(r"^.*$", UnknownView.as_view(), name="unknown"),
]
