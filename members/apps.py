from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与单位"

    def ready(self) -> None:
        from grids import panels
        from liangcheng.common import jobs
        from members import access, holders
        from members.panels import registers_panel

        panels.register_panel(registers_panel)
        holders.register_all()
        jobs.register_daily("members.forget_uses", access.forget_old_uses)
