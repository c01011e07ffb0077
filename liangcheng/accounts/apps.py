from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "liangcheng.accounts"
    label = "accounts"
    verbose_name = "账号"
