"""Invented party organizations and members, so that the registers are not empty."""

from datetime import date
from random import Random

from cases.demo.people import phone
from cases.demo.plans import PLACES, SEED
from grids.choices import GridKind
from grids.models import Grid
from members.choices import MemberKind, OrganizationKind, UnitKind
from members.models import PartyMember, PartyOrganization, ResidentUnit, Skill

MEMBERS = 120
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
_GIVEN = (
    *("建华", "秀兰", "志强", "丽华", "国庆", "桂芳", "永明", "小燕", "春生", "美玲"),
    *("文杰", "海燕", "立新", "雪梅", "振宇", "玉珍", "晓峰", "佩芳", "家豪", "思远"),
    *("根娣", "阿宝", "明亮", "静怡", "大勇", "月琴", "伟民", "婷婷", "志远", "慧敏"),
)
_SKILLS = ("", "", "", "法律", "医疗护理", "电工", "调解", "书法", "财务", "摄影", "水管维修", "英语")


def given_name(rng: Random) -> str:
    """An invented name; two people may share one, as in life."""
    return rng.choice(_SURNAMES) + rng.choice(_GIVEN)


def found(street: Grid) -> None:
    """The 党工委, a 党总支 in every 居民区 with a 党支部, a 党小组 in some micro-units; and the members."""
    top = _organization(street, "凉城新村街道党工委", OrganizationKind.WORKING_COMMITTEE)
    grids = list(Grid.objects.active().within(street).in_tree_order())
    branches: list[PartyOrganization] = []
    for grid in grids:
        if grid.kind == GridKind.NEIGHBORHOOD:
            above = _organization(grid, f"{grid.short_name}居民区党总支", OrganizationKind.GENERAL_BRANCH, top)
            branch = _organization(grid, f"{grid.short_name}第一党支部", OrganizationKind.BRANCH, above)
            branches += [branch] if grid.short_name in PLACES else []
    rng = Random(f"{SEED}-members")  # noqa: S311 -- invents people, not secrets
    _members(rng, branches, grids)


def _organization(
    grid: Grid, name: str, kind: OrganizationKind, parent: PartyOrganization | None = None
) -> PartyOrganization:
    return PartyOrganization.objects.create(grid=grid, name=name, kind=kind, parent=parent)


def _members(rng: Random, branches: list[PartyOrganization], grids: list[Grid]) -> None:
    workplaces: dict[int | None, list[ResidentUnit]] = {}
    for unit in ResidentUnit.objects.active().exclude(kind=UnitKind.ESTATE).order_by("code"):
        workplaces.setdefault(unit.neighborhood_id, []).append(unit)
    skills = {name: Skill.objects.get_or_create(name=name)[0] for name in _SKILLS if name}
    names: set[str] = set()
    while len(names) < MEMBERS:
        names.add(given_name(rng))
    groups: dict[int, PartyOrganization] = {}
    for number, name in enumerate(sorted(names)):
        branch = rng.choices(branches, [PLACES[branch.grid.short_name] for branch in branches])[0]
        micro = rng.choice([g for g in grids if g.parent_id == branch.grid_id])
        if micro.pk not in groups:
            groups[micro.pk] = _organization(micro, f"{micro.short_name}党小组", OrganizationKind.GROUP, branch)
        in_service = rng.random() < 0.3
        member = PartyMember.objects.create(
            grid=micro,
            name=name,
            kind=MemberKind.IN_SERVICE if in_service else MemberKind.REGISTERED,
            organization=groups[micro.pk],
            unit=rng.choice(workplaces[branch.grid_id]) if in_service and branch.grid_id in workplaces else None,
            phone=phone(2000 + number),
            joined_on=date(rng.randint(1972, 2024), rng.randint(1, 12), rng.randint(1, 28)),
        )
        if skill := rng.choice(_SKILLS):
            member.skills.add(skills[skill])
