from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = "案件"

    def ready(self) -> None:
        from cases import notifications, reports
        from grids import blockers, panels
        from liangcheng.common import outbox

        outbox.register_handler(notifications.TOPIC, notifications.deliver)
        outbox.register_handler(notifications.PUSH_TOPIC, notifications.push)
        blockers.register_blocker(reports.open_cases_at)
        panels.register_counts(reports.grid_counts)
        panels.register_panel(reports.open_cases_panel)
