"""年度表现: what members have done in a year. Whoever keeps records of it registers a source in AppConfig.ready()."""

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal

# (what, times, hours) in one year: ("环境整治", 3, Decimal("6.5")).
Service = tuple[str, int, Decimal]
# (ids of members, year) → what each has done; who has done nothing is missing. Only what the grid has confirmed.
Source = Callable[[Collection[int], int], Mapping[int, Iterable[Service]]]

_sources: list[Source] = []


def register_source(source: Source) -> None:
    """Add a source; asking twice with the same function adds it once."""
    if source not in _sources:
        _sources.append(source)


def performance(member_ids: Collection[int], year: int) -> dict[int, list[Service]]:
    """What the members have done in `year`, all sources together, equal labels added up. One call per source."""
    found: dict[int, dict[str, tuple[int, Decimal]]] = {}
    for source in _sources if member_ids else ():
        for member_id, services in source(member_ids, year).items():
            known = found.setdefault(member_id, {})
            for label, times, hours in services:
                before = known.get(label, (0, Decimal(0)))
                known[label] = (before[0] + times, before[1] + Decimal(str(hours)))
    return {
        member_id: [(label, times, hours) for label, (times, hours) in services.items()]
        for member_id, services in found.items()
    }
