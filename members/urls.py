"""Addresses of the registers."""

from django.urls import path, register_converter

from liangcheng.common.converters import CodeConverter, TokenConverter
from members import views
from members.views import letters, links, public, registrations

app_name = "members"
register_converter(CodeConverter, "unit_code")
register_converter(TokenConverter, "registration_token")

urlpatterns = [
    path("units/", views.unit_list, name="unit_list"),
    path("units/<unit_code:code>/", views.unit_detail, name="unit_detail"),
    path("buildings/", views.building_list, name="building_list"),
    path("buildings/<int:pk>/", views.building_detail, name="building_detail"),
    path("organizations/", views.organization_list, name="organization_list"),
    path("organizations/<int:pk>/", views.organization_detail, name="organization_detail"),
    path("members/", views.member_list, name="member_list"),
    path("members/<int:pk>/", views.member_detail, name="member_detail"),
    path("registrations/", registrations.registration_list, name="registration_list"),
    path("registrations/new/", registrations.registration_new, name="registration_new"),
    path("registrations/<int:pk>/", registrations.registration_detail, name="registration_detail"),
    path("registrations/<int:pk>/confirm/", registrations.registration_confirm, name="registration_confirm"),
    path("registrations/<int:pk>/refuse/", registrations.registration_end, {"ending": "refuse"}, "registration_refuse"),
    path(
        "registrations/<int:pk>/withdraw/",
        registrations.registration_end,
        {"ending": "withdraw"},
        "registration_withdraw",
    ),
    path("registrations/<int:pk>/reveal/", registrations.registration_reveal, name="registration_reveal"),
    path("registrations/links/", links.link_list, name="link_list"),
    path("registrations/links/<int:pk>/poster/", links.link_poster, name="link_poster"),
    path("registrations/links/<int:pk>/qr.svg", links.link_qr, name="link_qr"),
    path("registrations/links/<int:pk>/revoke/", links.link_revoke, name="link_revoke"),
    path("registrations/unreported/", letters.unreported, name="unreported"),
    path("registrations/letters/", letters.letter_list, name="letter_list"),
    path("registrations/letters/<int:pk>/", letters.letter_detail, name="letter_detail"),
    path("registrations/letters/<int:pk>/print/", letters.letter_print, name="letter_print"),
    path("registrations/letters/<int:pk>/void/", letters.letter_void, name="letter_void"),
    path("registrations/yearly/", letters.yearly, name="yearly"),
    path("registrations/yearly/sheet/", letters.yearly_sheet, name="yearly_sheet"),
    path("r/<registration_token:token>/", public.register, name="register"),
    path("r/<registration_token:token>/done/", public.register_done, name="register_done"),
]
