from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与单位"

    def ready(self) -> None:
        from grids import panels
        from members.panels import registers_panel

        panels.register_panel(registers_panel)
        from liangcheng.common import jobs
        from members import deeds, dossier, offers, performance, services

        jobs.register_daily("members.offers", offers.close_lapsed)
        performance.register_source(services.performance)
        for section in (deeds.services_section, deeds.claims_section, deeds.climb_section):
            dossier.register_section(section)
