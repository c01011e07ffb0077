from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与单位"

    def ready(self) -> None:
        from grids import panels
        from members.panels import registers_panel

        panels.register_panel(registers_panel)
        self._reporting()

    def _reporting(self) -> None:
        """双报到、双报告."""
        from liangcheng.common import jobs
        from members import reporting
        from members.dossier import register_section
        from members.reporting_panels import member_section

        jobs.register_daily("members.forget_closed_registrations", reporting.forget_closed)
        register_section(member_section)
