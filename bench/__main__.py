"""`./run bench [--cases N] [--times N] [--sweep | --suggest]`: costs and ratios.

Figures of one machine, so trust the ratios.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import uuid


def main() -> None:
    options = _options()
    if options.suggest:
        _suggest(options)
        return
    from bench import database

    database.use(f"liangcheng_bench_{options.cases}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    import django

    django.setup()
    from django.core.management import call_command

    began = time.perf_counter()
    call_command("migrate", verbosity=0)
    from bench import data

    people = data.build(options.cases)
    print(f"{options.cases:,} 件案件的数据就绪，用时 {time.perf_counter() - began:.0f} 秒\n")
    if options.sweep:
        from bench import sweep

        sweep.measure(options.cases // 100)
    else:
        _table(people, options.times)


def _suggest(options: argparse.Namespace) -> None:
    """One database of its own for each size of the address book, each in a process of its own."""
    if len(options.suggest) > 1:
        for size in options.suggest:
            command = [sys.executable, "-m", "bench", "--suggest", str(size), "--times", str(options.times)]
            subprocess.run(command, check=True)
        return
    [size] = options.suggest
    from bench import database

    database.use(f"liangcheng_bench_book_{size}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from bench import suggest

    suggest.measure(size, options.times)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description="每个请求的开销，及其与空视图之比")
    parser.add_argument("--cases", type=int, default=100_000, help="案件数（默认 100000）")
    parser.add_argument("--times", type=int, default=200, help="每项请求次数（默认 200）")
    parser.add_argument("--sweep", action="store_true", help="测到期处理：百分之一的案件到期，每秒处理多少件")
    parser.add_argument(
        "--suggest",
        type=int,
        nargs="*",
        metavar="楼栋数",
        help="测地址联想：默认 1000、10000、100000 幢楼各一次",
    )
    options = parser.parse_args()
    if options.suggest == []:
        options.suggest = [1_000, 10_000, 100_000]
    return options


def _table(people: dict, times: int) -> None:
    from bench.measure import Meter

    meter = Meter()
    requests = _requests(people)
    floor = meter.cost(requests.pop("空视图 ok"), times * 5)
    print(
        f"{'请求':<28}{'语句':>6}{'应用CPU':>10}{'数据库CPU':>11}{'合计 ms':>10}{'÷ ok':>8}{'p50 ms':>9}{'p95 ms':>9}"
    )
    _row("空视图 ok", floor, floor)
    for name, request in requests.items():
        _row(name, meter.cost(request, times), floor)
    print("\nCPU 为每个请求的毫秒数，按操作系统记账；÷ ok 为合计 CPU 与同一次运行中空视图之比。")


def _row(name: str, cost, floor) -> None:
    wide = 28 - sum(1 for character in name if ord(character) > 255)
    print(
        f"{name:<{wide}}{cost.statements:>8}{cost.app:>12.2f}{cost.database:>13.2f}{cost.cpu:>11.2f}"
        f"{cost.cpu / floor.cpu:>9.1f}{cost.p50:>9.1f}{cost.p95:>9.1f}"
    )


def _requests(people: dict) -> dict:
    from knox.models import AuthToken

    from bench.measure import Request, cookie
    from cases.models import Case
    from grids.models import Grid

    _, token = AuthToken.objects.create(user=people["hotline"])
    street, liaison = cookie(people["dispatcher"]), cookie(people["liaison"])
    case = Case.objects.within(Grid.objects.get(short_name="文苑一")).open().first()
    micro = Grid.objects.active().filter(kind="MICRO_UNIT").first()

    def filing() -> bytes:
        report = {
            "category_code": "0201",
            "grid_code": micro.code,
            "description": "楼道渗水。",
            "external_id": uuid.uuid4().hex,
        }
        return json.dumps(report).encode()

    return {
        "空视图 ok": Request("/bench-ok/"),
        "API 列表 50 行": Request("/api/v1/cases/", token=token),
        "API 新建": Request("/api/v1/cases/", token=token, method="POST", body=filing, expect=201),
        "API 详情": Request(f"/api/v1/cases/{case.number}/", token=token),
        "案件页": Request(f"/cases/{case.number}/", cookie=liaison),
        "工作台（居民区联络员）": Request("/", cookie=liaison),
        "工作台（街道派遣员）": Request("/", cookie=street),
        "案件列表页（街道）": Request("/cases/", cookie=street),
        "网格树页（街道）": Request("/grids/", cookie=street),
    }


if __name__ == "__main__":
    main()
