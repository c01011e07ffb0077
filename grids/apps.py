import logging

from django.apps import AppConfig

logger = logging.getLogger(__name__)


class GridsConfig(AppConfig):
    name = "grids"
    verbose_name = "网格"

    def ready(self) -> None:
        from grids import accounts
        from liangcheng.common import jobs

        jobs.register_daily("grids.end_accounts", accounts.end_accounts)
        jobs.register_daily("grids.check_tree", report_faults)


def report_faults() -> int:
    """Every night: say in the log what is wrong with the tree, if anything. Returns the number of faults."""
    from grids.checks import check_tree

    faults = check_tree()
    for fault in faults:
        logger.error("grid_tree_fault code=%s %s", fault.code, fault.message)
    return len(faults)
