from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与单位"

    def ready(self) -> None:
        from grids import panels
        from members.panels import coverage_panel, registers_panel

        panels.register_panel(registers_panel)
        panels.register_panel(coverage_panel)
