from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from liangcheng.accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.SignInView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", views.ChangePasswordView.as_view(), name="password_change"),
    path("password/done/", RedirectView.as_view(pattern_name="accounts:me"), name="password_change_done"),
    path("me/", views.me, name="me"),
    path("channels/", views.channels, name="channels"),
]
