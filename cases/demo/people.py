"""The invented people: about forty, at all levels. Names, numbers and postings are made up."""

from dataclasses import dataclass

from django.contrib.auth.hashers import check_password, make_password

from grids.choices import GridKind, Role
from grids.models import Department, Grid, Posting
from liangcheng.accounts.models import ServiceAccount, User

HOTLINE = "hotline12345"
_STREET = "凉城"


@dataclass(frozen=True)
class Person:
    """`grid` by its short name; department staff serve at the street. `about`: one line for the start-up screen."""

    username: str
    name: str
    title: str
    grid: str
    role: str
    department: str = ""
    about: str = ""
    staff: bool = False
    superuser: bool = False


# The accounts that ./run prints, in this order.
SIGN_INS = (
    Person(
        "street",
        "沈佳宁",
        "城运中心派遣员",
        _STREET,
        Role.DISPATCHER,
        about="街道派遣员：全街道派遣、签派、并案、移送、核查",
        staff=True,
    ),
    Person(
        "area3",
        "陆文斌",
        "街道机关干部",
        "第三片区",
        Role.LIAISON,
        about="第三片区联络员：协调片区难事、交办下派",
        staff=True,
    ),
    Person(
        "area3head",
        "顾海平",
        "处级领导",
        "第三片区",
        Role.HEAD,
        about="第三片区网格长：批示督办、审批延期、挂账、重新处置",
        staff=True,
    ),
    Person("wenyuan1", "周丽萍", "社区工作者", "文苑一", Role.LIAISON, about="文苑一居民区联络员：派遣、核查、结案"),
    Person("micro", "吴国强", "楼组长", "文苑一第1", Role.OFFICER, about="文苑一第1微单元网格员：上报、接单、处置"),
    Person(
        "chengguan",
        "郑志刚",
        "执法队员",
        _STREET,
        Role.OFFICER,
        "CHENGGUAN",
        "城管中队队员：接单、处置、协办派给城管的案件",
    ),
    Person("inspector", "钱晓燕", "核查员", _STREET, Role.INSPECTOR, about="街道核查员：核查、返工、回访结案"),
    Person("viewer", "孙立群", "调研员", _STREET, Role.VIEWER, about="只读：查看全街道案件和网格"),
    Person(
        "admin",
        "何建明",
        "信息管理员",
        _STREET,
        Role.DISPATCHER,
        about="系统管理员：可进管理后台全部页面",
        staff=True,
        superuser=True,
    ),
)

_AREAS = ("第一片区", "第二片区", "第三片区", "第四片区")
_AREA_HEADS = ("严振华", "金慧敏", "曹永康", "魏秀英", "", "姜卫东", "戚伟民", "谢芳")
_AREA_LIAISONS = (
    "邹敏",
    "喻凯",
    "柏雪梅",
    "水立新",
    "窦晓东",
    "章美玲",
    "",
    "云志远",
    "苏婷",
    "潘家豪",
    "葛春燕",
    "奚国庆",
)
_OTHERS = (
    Person("streethead", "范立新", "街道领导", _STREET, Role.HEAD),
    Person("wenyuan1head", "彭桂兰", "居民区党总支书记", "文苑一", Role.HEAD),
    Person("wenyuan2", "郎小红", "社区工作者", "文苑二", Role.LIAISON),
    Person("xiuyuan", "鲁海燕", "社区工作者", "秀苑", Role.LIAISON),
    Person("wenyi", "韦明亮", "社区工作者", "汶一", Role.LIAISON),
    Person("liangyi", "昌月华", "社区工作者", "凉一", Role.LIAISON),
    Person("fudan", "马晓峰", "社区工作者", "复旦", Role.LIAISON),
    Person("menghuyuan", "水小妹", "社区工作者", "梦湖苑", Role.LIAISON),
    Person("guangyue", "苗玉珍", "社区工作者", "广粤", Role.LIAISON),
    Person("wenyuan1b", "凤根娣", "楼组长", "文苑一第2", Role.OFFICER),
    Person("wenyuan1c", "花建国", "商铺联络员", "文苑一水电路商铺", Role.OFFICER),
    Person("liangyi1", "方阿宝", "楼组长", "凉一第1", Role.OFFICER),
    Person("chengguan2", "俞伟", "执法队员", _STREET, Role.OFFICER, "CHENGGUAN"),
    Person("guanli", "任静", "科员", _STREET, Role.OFFICER, "GUANLI"),
    Person("wuye", "袁大勇", "物业经理", _STREET, Role.OFFICER, "WUYE"),
    Person("paichu", "柳志坚", "社区民警", _STREET, Role.OFFICER, "PAICHU"),
    Person("chengjian", "酆亮", "工程管理员", _STREET, Role.OFFICER, "CHENGJIAN"),
    Person("pingan", "鲍国平", "科员", _STREET, Role.OFFICER, "PINGAN"),
)


def everybody() -> list[Person]:
    """All of them, the sign-in names first. Each area has two heads (AB角) and three liaisons."""
    people = [*SIGN_INS, *_OTHERS]
    for number, area in enumerate(_AREAS, start=1):
        heads, liaisons = _AREA_HEADS[2 * number - 2 : 2 * number], _AREA_LIAISONS[3 * number - 3 : 3 * number]
        people += [
            Person(f"area{number}head{place}", name, "处级领导", area, Role.HEAD)
            for place, name in enumerate(heads, start=1)
            if name
        ]
        people += [
            Person(f"area{number}{letter}", name, "街道机关干部", area, Role.LIAISON)
            for letter, name in zip("abc", liaisons, strict=True)
            if name
        ]
    return people


def usernames() -> set[str]:
    return {person.username for person in everybody()} | {HOTLINE}


def settle(street: Grid, password: str) -> None:
    """Create users, postings and the service account of the hotline. All sign in with `password`."""
    grids = {grid.short_name: grid for grid in Grid.objects.active().within(street)}
    departments = {row.code: row for row in Department.objects.filter(grid=street)}
    # One hash for all: forty of them would take half a minute, and this password is printed on the screen anyway.
    encoded = make_password(password)
    for number, person in enumerate(everybody(), start=1):
        user = User.objects.create(
            username=person.username,
            password=encoded,
            full_name=person.name,
            title=person.title,
            phone=phone(number),
            is_staff=person.staff,
            is_superuser=person.superuser,
        )
        Posting.objects.create(
            user=user,
            grid=grids[person.grid],
            role=person.role,
            department=departments[person.department] if person.department else None,
        )
    _hotline(street)


def _hotline(street: Grid) -> None:
    if street.kind != GridKind.COMMUNITY:
        raise ValueError("the hotline serves a street")
    account = User.objects.create(
        username=HOTLINE, password=make_password(None), full_name="12345 热线平台", is_service=True
    )
    ServiceAccount.objects.create(user=account, system=HOTLINE, may_discover=True, may_note=True)
    Posting.objects.create(user=account, grid=street, role=Role.SERVICE)


def keep_password(password: str) -> bool:
    """Let the demo accounts follow a password that was given anew; whether anything changed."""
    known = User.objects.get(username=SIGN_INS[0].username)
    if check_password(password, known.password):
        return False
    names = {person.username for person in everybody()}
    User.objects.filter(username__in=names).update(password=make_password(password))
    return True


def phone(number: int) -> str:
    """A number of the right form that nobody has: 1300000xxxx."""
    return f"1300000{number:04d}"
