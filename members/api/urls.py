from django.urls import path

from members.api import views
from members.api.coverage import CoverageView

urlpatterns = [
    path("units/", views.UnitListView.as_view(), name="unit-list"),
    path("units/<code:code>/", views.UnitView.as_view(), name="unit-detail"),
    path("buildings/", views.BuildingListView.as_view(), name="building-list"),
    path("organizations/", views.OrganizationListView.as_view(), name="organization-list"),
    path("teams/", views.TeamListView.as_view(), name="team-list"),
    path("venues/", views.VenueListView.as_view(), name="venue-list"),
    path("members/", views.MemberCountView.as_view(), name="member-counts"),
    path("coverage/", CoverageView.as_view(), name="coverage"),
]
