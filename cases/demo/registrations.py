"""Invented 双报到: a poster's link, registrations in every state, a letter that has reached its unit."""

from datetime import datetime, timedelta
from uuid import uuid4

from cases.demo.people import phone
from grids.models import Grid
from liangcheng.accounts.models import User
from liangcheng.common import clock
from members.choices import Delivery, RegistrationKind, RegistrationSource, RegistrationTie
from members.confirmation import confirm_member, organizations
from members.letters import deliver, issue_result
from members.links import create_link
from members.models import Registration
from members.reporting import Given, enter, refuse, submit, withdraw

_MEMBERS = (
    ("丁海燕", "上海某设计院有限公司", "上海某设计院党总支", RegistrationTie.LIVES, "周末", 40),
    ("邓志强", "上海某设计院有限公司", "上海某设计院党总支", RegistrationTie.LIVES, "工作日晚上", 39),
    ("方静怡", "虹口区某中学", "某中学党支部", RegistrationTie.WORKS, "寒暑假", 30),
    ("侯文杰", "上海某物流有限公司", "", RegistrationTie.LIVES, "", 12),
    ("江雪梅", "虹口区某医院", "某医院第二党支部", RegistrationTie.LIVES, "周末", 2),
    ("石永明", "上海某软件有限公司", "", RegistrationTie.LIVES, "工作日晚上", 1),
)


def tell(street: Grid) -> None:
    """Around 文苑一, by its liaison, in the last forty days."""
    liaison = User.objects.get(username="wenyuan1")
    grid = Grid.objects.within(street).active().filter(short_name="文苑一").first()
    micro = grid and grid.children.filter(is_active=True).order_by("code").first()
    if grid is None or micro is None:
        return
    moment = clock.now()
    link = create_link(actor=liaison, grid_code=micro.code, kind=RegistrationKind.MEMBER, label="小区门口海报")
    create_link(actor=liaison, grid_code=grid.code, kind=RegistrationKind.UNIT, label="驻区单位工作群")
    rows = []
    for number, (name, unit, organization, tie, availability, days) in enumerate(_MEMBERS):
        given = Given(
            name=name, phone=phone(3000 + number), tie=tie, unit_name=unit, organization_name=organization,
            availability=availability, consent=True,
        )  # fmt: skip
        with clock.at(moment - timedelta(days=days)):
            rows.append(submit(token=link.token, given=given, source=RegistrationSource.QR, address="", nonce=uuid4()))
    unit_given = Given(
        name="韩春生",
        phone=phone(3100),
        unit_name="上海某商业管理有限公司",
        organization_name="上海某商业管理有限公司党支部",
        consent=True,
    )
    with clock.at(moment - timedelta(days=5)):
        enter(actor=liaison, grid_code=grid.code, kind=RegistrationKind.UNIT, given=unit_given)
    _decide(liaison, rows, moment)


def _decide(liaison: User, rows: list[Registration], moment: datetime) -> None:
    for row, days in zip(rows[:3], (38, 37, 28), strict=True):
        organization = organizations(liaison, row).filter(kind="BRANCH").first() or organizations(liaison, row).first()
        with clock.at(moment - timedelta(days=days)):
            confirm_member(
                actor=liaison, registration_id=row.pk, organization_id=organization.pk if organization else None
            )
    with clock.at(moment - timedelta(days=10)):
        refuse(actor=liaison, registration_id=rows[3].pk, reason="电话多次无人接听，单位查无此人。")
    with clock.at(moment - timedelta(days=1)):
        withdraw(actor=liaison, registration_id=rows[5].pk, reason="本人来电，已在其他街道报到。")
    with clock.at(moment - timedelta(days=30)):
        letter = issue_result(actor=liaison, registration_ids=[rows[0].pk, rows[1].pk])
    on = letter.issued_on + timedelta(days=3)
    with clock.at(moment - timedelta(days=25)):
        deliver(actor=liaison, letter_id=letter.pk, how=Delivery.MESSENGER, on=on)
