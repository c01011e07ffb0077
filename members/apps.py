from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与单位"

    def ready(self) -> None:
        from grids import panels
        from liangcheng.common import jobs, outbox
        from members.panels import registers_panel
        from members.sheets import jobs as sheet_jobs

        panels.register_panel(registers_panel)
        outbox.register_handler(sheet_jobs.TOPIC, sheet_jobs.deliver, slow=True)
        jobs.register_daily("members.sheets", sheet_jobs.forget_old)
