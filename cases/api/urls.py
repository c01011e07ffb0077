from django.urls import path

from cases.api import views
from cases.api.act_serializers import ACT_SERIALIZERS
from cases.api.act_views import act_view
from cases.api.category_views import CategoryListView

urlpatterns = [
    path("categories/", CategoryListView.as_view(), name="category-list"),
    path("cases/", views.CaseListView.as_view(), name="case-list"),
    path("cases/<code:number>/", views.CaseView.as_view(), name="case-detail"),
    path("cases/<code:number>/events/", views.EventListView.as_view(), name="case-events"),
    path("cases/<code:number>/assignees/", views.AssigneeListView.as_view(), name="case-assignees"),
    path("cases/<code:number>/attachments/", views.AttachmentListView.as_view(), name="case-attachments"),
    path("cases/<code:number>/attachments/<int:pk>/", views.AttachmentView.as_view(), name="case-attachment"),
    *(path(f"cases/<code:number>/{act.value}/", act_view(act), name=f"case-{act.value}") for act in ACT_SERIALIZERS),
]
