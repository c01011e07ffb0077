"""Addresses of the registers."""

from django.urls import path, register_converter

from liangcheng.common.converters import CodeConverter
from members import views
from members.views import privacy

app_name = "members"
register_converter(CodeConverter, "unit_code")

urlpatterns = [
    path("units/", views.unit_list, name="unit_list"),
    path("units/<unit_code:code>/", views.unit_detail, name="unit_detail"),
    path("buildings/", views.building_list, name="building_list"),
    path("buildings/<int:pk>/", views.building_detail, name="building_detail"),
    path("organizations/", views.organization_list, name="organization_list"),
    path("organizations/<int:pk>/", views.organization_detail, name="organization_detail"),
    path("members/", views.member_list, name="member_list"),
    path("members/<int:pk>/", views.member_detail, name="member_detail"),
    path("members/<int:pk>/reveal/", privacy.member_reveal, name="member_reveal"),
    path("members/<int:pk>/identity/", privacy.member_identity, name="member_identity"),
    path("contacts/<int:pk>/reveal/", privacy.contact_reveal, name="contact_reveal"),
    path("privacy/", privacy.office, name="privacy"),
    path("privacy/copy/", privacy.subject_copy, name="privacy_copy"),
    path("privacy/correct/", privacy.correct, name="privacy_correct"),
    path("privacy/erase/", privacy.erase, name="privacy_erase"),
    path("privacy/log/", privacy.access_log, name="access_log"),
]
