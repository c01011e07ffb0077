from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与单位"

    def ready(self) -> None:
        from grids import panels
        from liangcheng.common import jobs
        from members import access, holders
        from members.panels import coverage_panel, registers_panel

        panels.register_panel(registers_panel)
        panels.register_panel(coverage_panel)
        follow_the_address_book()
        holders.register_all()
        jobs.register_daily("members.forget_uses", access.forget_old_uses)


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
