"""Invented services, claims and steps: some in every state, so that the pages have something to show."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone

from cases import volunteers
from cases.demo.plans import SEED
from cases.models import Case
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common.clock import now
from members import climbing, offers, services
from members.choices import ClaimState, OfferKind
from members.climbing import Reached
from members.models import Claim, ClimbItem, Offer, PartyMember, PartyOrganization, Skill
from members.offers import Draft
from members.roll import Ref, ref_of
from members.services import Deed

_PLACE = "文苑一"
_DEEDS = (
    ("PATROL", "小区夜间巡逻，检查楼道消防通道。", "1.5"),
    ("ENVIRONMENT", "清理楼道堆物，擦洗宣传栏。", "2"),
    ("CARE", "上门看望独居老人，帮忙买菜。", "1"),
    ("PUBLICITY", "上门发放垃圾分类告知书。", "2.5"),
    ("MEDIATION", "调解楼上楼下噪声纠纷。", "1.5"),
    ("PROFESSIONAL", "为居民免费检修电路。", "3"),
    ("EMERGENCY", "台风天值守，排查高空坠物。", "4"),
)


def tell(street: Grid) -> None:
    """Of one 居民区, by its own desk: it is what the demo's account 文苑一 sees."""
    rng = Random(f"{SEED}-deeds")  # noqa: S311 -- invents stories, not secrets
    grid = Grid.objects.active().within(street).filter(short_name=_PLACE).first()
    desk = User.objects.filter(username="wenyuan1").first()
    people = list(PartyMember.objects.active().within(grid).order_by("pk")) if grid else []
    if grid is None or desk is None or len(people) < 8:
        return
    _give_account(people)
    _services(desk, people, rng)
    _offers(grid, desk, people)
    _climb(street, rng)


def _give_account(people: list[PartyMember]) -> None:
    """The officer of 文苑一第1 is one of its members: so the demo has somebody who claims on the phone."""
    officer = User.objects.filter(username="micro").first()
    if officer is not None:
        people[0].user, people[0].name = officer, officer.full_name
        people[0].save()
        skill = Skill.objects.filter(name="电工").first()
        if skill is not None:
            people[0].skills.add(skill)


def _services(desk: User, people: list[PartyMember], rng: Random) -> None:
    today = timezone.localdate(now())
    first = max(today - timedelta(days=55), date(today.year, 1, 1))
    span = (today - first).days
    for number in range(14):
        kind, what, hours = _DEEDS[number % len(_DEEDS)]
        some = [ref_of(each) for each in rng.sample(people, rng.randint(1, 3))]
        deed = Deed(first + timedelta(days=span * number // 14), Decimal(hours), kind, what)
        for row in services.record_service(actor=desk, people=some, deed=deed, sure=True):
            if number == 2:
                services.refuse_service(actor=desk, record_id=row.pk, reason="与活动签到不符")
            elif number < 11:
                services.confirm_service(actor=desk, record_id=row.pk)
    officer = people[0].user
    if officer is not None:
        own = Deed(today, Decimal("1.5"), "PATROL", "晚间在小区巡逻一圈。")
        services.record_service(actor=officer, people=[ref_of(people[0])], deed=own, sure=True)


def _offers(grid: Grid, desk: User, people: list[PartyMember]) -> None:
    soon = timezone.localdate(now()) + timedelta(days=12)
    electrician = Skill.objects.filter(name="电工").first()
    wish = Draft(
        kind=OfferKind.WISH,
        title="为独居老人换灯泡",
        description="两户独居老人家里灯坏了，周末上门更换，材料由居民区准备。",
        grid_id=grid.pk,
        closes_on=soon,
        places=2,
        skill_id=electrician.pk if electrician else None,
    )
    offers.make_offer(actor=desk, draft=wish)
    post = Draft(
        kind=OfferKind.POST,
        title="周末护学岗",
        description="周六上午在小区门口维持秩序，8:00 集合。",
        grid_id=grid.pk,
        closes_on=soon,
        places=3,
    )
    guard = offers.make_offer(actor=desk, draft=post)
    for person in people[1:3]:
        offers.claim(actor=desk, offer_id=guard.pk, person=ref_of(person))
    first = Claim.objects.filter(offer=guard, state=ClaimState.CLAIMED).order_by("pk").first()
    if first is not None:
        deed = Deed(timezone.localdate(now()), Decimal(2), "PATROL", "护学岗值守两小时。")
        offers.finish(actor=desk, claim_id=first.pk, deed=deed, sure=True)
    _of_a_case(grid, desk, people[3])


def _of_a_case(grid: Grid, desk: User, helper: PartyMember) -> None:
    """Two open cases of the 居民区 are offered; somebody without an account helps with the second."""
    made: list[Offer] = []
    cases = Case.objects.visible_to(desk).open().filter(handling_grid=grid, confidential=False)
    for case in cases.select_related("community", "area", "neighborhood", "micro_unit", "category").order_by("-pk")[
        :20
    ]:
        if len(made) == 2 or volunteers.refusal(case, desk):
            continue
        draft = Draft(
            kind=OfferKind.CASE,
            title=f"{case.category.name}，请党员协助"[:40],
            description="请有空的党员到现场看看，和居民说明情况，结果告诉居民区。",
            grid_id=grid.pk,
            closes_on=timezone.localdate(now()) + timedelta(days=7),
            place_id=case.grid_id,
        )
        made.append(volunteers.offer_case(actor=desk, case_id=case.pk, draft=draft))
    if len(made) == 2:
        offers.claim(actor=desk, offer_id=made[1].pk, person=Ref(True, helper.pk))


def _climb(street: Grid, rng: Random) -> None:
    """Two branches are on their way, set by the desks of their 居民区."""
    items = list(ClimbItem.objects.filter(community=street, is_active=True))
    today = timezone.localdate(now())
    for name, username in ((_PLACE, "wenyuan1"), ("梦湖苑", "menghuyuan")):
        desk = User.objects.filter(username=username).first()
        branch = PartyOrganization.objects.filter(name=f"{name}第一党支部", community=street).first()
        if desk is None or branch is None:
            continue
        for member in PartyMember.objects.active().within(branch.grid).order_by("pk")[:18]:
            for item in rng.sample(items, min(len(items), rng.randint(2, 6))):
                on = today - timedelta(days=rng.randint(1, 90))
                reached = Reached(rng.randint(1, item.steps), on)
                climbing.set_level(actor=desk, member_id=member.pk, item_id=item.pk, reached=reached)
        if username == "wenyuan1":
            first = PartyMember.objects.active().within(branch.grid).order_by("pk")[0]
            climbing.add_free_item(actor=desk, member_id=first.pk, title="学做急救员", steps=3)
