from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与单位"

    def ready(self) -> None:
        from grids import panels
        from members import dossier, sections
        from members.panels import registers_panel

        panels.register_panel(registers_panel)
        for section in (sections.postings_section, sections.buildings_section, sections.teams_section):
            dossier.register_section(section)
