from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与单位"

    def ready(self) -> None:
        from grids import accounts, panels
        from liangcheng.common import jobs, outbox
        from members import access, deeds, dossier, holders, offers, performance, privacy, reporting, sections, services
        from members.panels import coverage_panel, registers_panel
        from members.reporting_panels import member_section
        from members.sheets import jobs as sheet_jobs

        panels.register_panel(registers_panel)
        panels.register_panel(coverage_panel)
        accounts.register_left_behind(offers.running_claims_of)
        holders.register_all()
        outbox.register_handler(sheet_jobs.TOPIC, sheet_jobs.deliver, slow=True)
        outbox.register_handler(sheet_jobs.FORGET, sheet_jobs.deliver_forgetting, transactional=False)
        privacy.register_afterwards(sheet_jobs.forget_erased)
        jobs.register_daily("members.sheets", sheet_jobs.forget_old)
        jobs.register_daily("members.forget_uses", access.forget_old_uses)
        jobs.register_daily("members.forget_closed_registrations", reporting.forget_closed)
        jobs.register_daily("members.offers", offers.close_lapsed)
        performance.register_source(services.performance)
        for section in (
            sections.postings_section,
            sections.buildings_section,
            sections.teams_section,
            member_section,
            deeds.services_section,
            deeds.claims_section,
            deeds.climb_section,
        ):
            dossier.register_section(section)
        follow_the_address_book()


def follow_the_address_book() -> None:
    """The search keys follow every saved unit, building and alias; every night they are checked."""
    from django.db.models.signals import post_delete, post_save

    from liangcheng.common import jobs
    from members import addressbook
    from members.models import Building, BuildingAlias, ResidentUnit

    post_save.connect(addressbook.follow_unit, ResidentUnit, dispatch_uid="search_keys")
    post_save.connect(addressbook.follow_building, Building, dispatch_uid="search_keys")
    post_save.connect(addressbook.follow_alias, BuildingAlias, dispatch_uid="search_keys")
    post_delete.connect(addressbook.follow_alias, BuildingAlias, dispatch_uid="search_keys")
    jobs.register_daily("members.search_keys", addressbook.heal_nightly)
