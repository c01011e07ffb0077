"""All addresses of the registry."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("liangcheng.accounts.urls")),
    path("api/v1/", include("liangcheng.api_urls")),
    path("grids/", include("grids.urls")),
    path("", include("members.urls")),
    path("", include("cases.urls")),
]
