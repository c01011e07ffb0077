from django.urls import path

from cases import views

app_name = "cases"
urlpatterns = [
    path("", views.workbench, name="workbench"),
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.read_all_notices, name="notices_read"),
    path("notices/<int:pk>/", views.open_notice, name="notice"),
    path("cases/", views.case_list, name="list"),
    path("cases/new/", views.new_case, name="new"),
    path("cases/new/locate/", views.locate, name="locate"),
    path("cases/new/similar/", views.similar, name="similar"),
    path("cases/handover/", views.hand_over, name="handover"),
    path("cases/handover/<str:key>/", views.hand_over_done, name="handover_done"),
    path("cases/returns/", views.returns, name="returns"),
    path("cases/<str:number>/", views.case_detail, name="detail"),
    path("cases/<str:number>/photos/<int:pk>/", views.case_photo, name="photo"),
    # No act: 请党员认领 stands beside the buttons.
    path("volunteers/<str:number>/", views.offer_case, name="volunteers"),
    path("cases/<str:number>/<slug:act>/", views.case_act, name="act"),
]
