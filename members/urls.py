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
    path("units/<unit_code:code>/reveal/", views.unit_reveal, name="unit_reveal"),
    path("units/<unit_code:code>/term/", views.unit_term, name="unit_term"),
    path("units/<unit_code:code>/terms/<int:pk>/end/", views.unit_term_end, name="unit_term_end"),
    path("units/<unit_code:code>/nominate/", views.unit_nominate, name="unit_nominate"),
    path("nominations/", views.nomination_list, name="nomination_list"),
    path("nominations/<int:pk>/", views.nomination_detail, name="nomination_detail"),
    path("nominations/<int:pk>/reveal/", views.nomination_reveal, name="nomination_reveal"),
    path("buildings/", views.building_list, name="building_list"),
    path("buildings/<int:pk>/", views.building_detail, name="building_detail"),
    path("buildings/<int:pk>/leader/", views.building_leader, name="building_leader"),
    path("organizations/", views.organization_list, name="organization_list"),
    path("organizations/<int:pk>/", views.organization_detail, name="organization_detail"),
    path("organizations/<int:pk>/reveal/", views.organization_reveal, name="organization_reveal"),
    path("members/", views.member_list, name="member_list"),
    path("members/<int:pk>/", views.member_detail, name="member_detail"),
    path("members/<int:pk>/reveal/", privacy.member_reveal, name="member_reveal"),
    path("members/<int:pk>/identity/", privacy.member_identity, name="member_identity"),
    path("privacy/", privacy.office, name="privacy"),
    path("privacy/copy/", privacy.subject_copy, name="privacy_copy"),
    path("privacy/correct/", privacy.correct, name="privacy_correct"),
    path("privacy/erase/", privacy.erase, name="privacy_erase"),
    path("privacy/log/", privacy.access_log, name="access_log"),
    path("suggest/", views.suggest_places, name="suggest"),
    path("registers/", views.registers, name="registers"),
    path("contacts/", views.contact_list, name="contact_list"),
    path("contacts/add/", views.contact_add, name="contact_add"),
    path("contacts/<int:pk>/", views.contact_detail, name="contact_detail"),
    path("contacts/<int:pk>/edit/", views.contact_edit, name="contact_edit"),
    path("contacts/<int:pk>/reveal/", views.contact_reveal, name="contact_reveal"),
    path("teams/", views.team_list, name="team_list"),
    path("teams/add/", views.team_add, name="team_add"),
    path("teams/<int:pk>/", views.team_detail, name="team_detail"),
    path("teams/<int:pk>/edit/", views.team_edit, name="team_edit"),
    path("teams/<int:pk>/people/", views.team_people, name="team_people"),
    path("teams/<int:pk>/people/<int:row>/out/", views.team_take_out, name="team_take_out"),
    path("venues/", views.venue_list, name="venue_list"),
    path("venues/add/", views.venue_add, name="venue_add"),
    path("venues/<int:pk>/", views.venue_detail, name="venue_detail"),
    path("venues/<int:pk>/edit/", views.venue_edit, name="venue_edit"),
    path("venues/<int:pk>/reveal/", views.venue_reveal, name="venue_reveal"),
    path("venues/<int:pk>/main/", views.venue_main, name="venue_main"),
    path("venues/<int:pk>/unmain/", views.venue_unmain, name="venue_unmain"),
    path("coverage/", views.coverage, name="coverage"),
    path("coverage/table.xlsx", views.coverage_sheet, name="coverage_sheet"),
]
