from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = "案件"

    def ready(self) -> None:
        from cases import coverage, dossier, notifications, privacy, recompute, reports, sweep, volunteers
        from grids import accounts, blockers, panels
        from liangcheng.common import jobs, office_time, outbox
        from members import casework, offers
        from members.coverage import register_check
        from members.dossier import register_section

        outbox.register_handler(notifications.TOPIC, notifications.deliver)
        outbox.register_handler(recompute.TOPIC, recompute.deliver, transactional=False)
        office_time.on_change(recompute.follow_change)
        jobs.register_minutely("cases.sweep", sweep.run)
        jobs.register_daily("cases.recompute", recompute.recompute_open)
        outbox.register_handler(notifications.PUSH_TOPIC, notifications.push)
        blockers.register_blocker(reports.open_cases_at)
        panels.register_counts(reports.grid_counts)
        panels.register_panel(reports.open_cases_panel)
        panels.register_panel(reports.on_time_panel)
        register_section(dossier.cases_section)
        register_check(coverage.CATEGORIES)
        register_check(coverage.DEPARTMENTS)
        accounts.register_left_behind(reports.open_cases_of)
        privacy.register_all()
        jobs.register_daily("cases.forget_reporters", privacy.forget_reporters)
        casework.register_casework(volunteers.Volunteers())
        outbox.register_handler(offers.TOPIC, volunteers.deliver)
