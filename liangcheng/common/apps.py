from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "liangcheng.common"
    label = "common"
    verbose_name = "公共设置"
