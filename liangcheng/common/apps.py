from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CommonConfig(AppConfig):
    name = "liangcheng.common"
    label = "common"
    verbose_name = "公共设置"
    default = True

    def ready(self) -> None:
        from liangcheng.common import channels, checks, jobs, outbox  # noqa: F401 -- importing registers the checks

        outbox.register_handler(channels.TOPIC, channels.deliver, transactional=False)
        jobs.register_daily("forget_old_runs", jobs.forget_old_runs)


class RegistryAdminConfig(admin_apps.AdminConfig):
    """Django's admin with the registry's own site (common/admin_site.py)."""

    default = False
    default_site = "liangcheng.common.admin_site.RegistrySite"

    def ready(self) -> None:
        from django.contrib.admin.templatetags import admin_list

        # Django shows a coloured icon whose text is "True" or "False"; an office reads 是 or 否.
        admin_list._boolean_icon = _yes_or_no  # type: ignore[attr-defined]
        super().ready()


def _yes_or_no(value: bool | None) -> str:
    return {True: "是", False: "否"}.get(value, "—")  # type: ignore[arg-type]
