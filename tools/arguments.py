"""The command line of `./run`."""

import argparse
from dataclasses import dataclass, field
from typing import NoReturn

from tools.console import RunError

HELP = """\
用法：
  ./run [--port 端口] [--no-demo]   建好环境、数据库和演示数据，启动服务和后台任务
  ./run worker                      只启动后台任务（可另开多个）
  ./run test [pytest 参数…]         在 SQLite、PostgreSQL 和浏览器上各测一遍
  ./run check                       代码规范、类型、分层约束、迁移、系统检查、接口文档
  ./run manage 命令 [参数…]         运行 Django 管理命令
  ./run bench [参数…]               性能基准
  ./run --help                      显示本说明

启动选项：
  --port 端口    网页端口，默认 8000，只在本机 127.0.0.1 上监听
  --no-demo      不生成演示人员和案件

测试举例：
  ./run test cases -k dispatch      只测 tests/cases 里名字含 dispatch 的
  ./run test -n 0 -x                不并行，遇错即停
  ./run test --all-required         三遍缺一不可（持续集成用），少一遍即以 2 退出

环境变量：
  DATABASE_URL    数据库，如 postgres://用户:密码@主机/库名；默认用 var/db.sqlite3
  DEMO_PASSWORD   演示账号的密码；默认随机生成，保存在 var/demo-password
  SECRET_KEY      签名密钥；默认随机生成，保存在 var/secret-key
  ALLOWED_HOSTS   允许的主机名，逗号分隔
"""

PASSING = ("test", "manage", "bench")
PLAIN = ("worker", "check")


@dataclass(frozen=True)
class Request:
    """What the user asked for: a command, and what goes with it."""

    command: str
    port: int = 8000
    demo: bool = True
    rest: list[str] = field(default_factory=list)


class _Parser(argparse.ArgumentParser):
    """argparse with its errors in our words; its own are English."""

    def error(self, message: str) -> NoReturn:
        raise RunError("参数不对：请看 ./run --help。", 2)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise RunError(f"端口应是 1 到 65535 之间的整数，收到的是“{text}”。例如：./run --port 8001", 2)
    return int(text)


def _serve(words: list[str]) -> Request:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--port", default="8000")
    parser.add_argument("--no-demo", action="store_true")
    known, unknown = parser.parse_known_args(words)
    if unknown:
        raise RunError(f"不认识“{unknown[0]}”。可用的命令和选项见 ./run --help。", 2)
    return Request("serve", port=_port(known.port), demo=not known.no_demo)


def parse(words: list[str]) -> Request:
    """Turn the words after `./run` into a request; what belongs to pytest, Django or the bench passes untouched."""
    first = words[0] if words else ""
    if first in PASSING:
        return Request(first, rest=words[1:])
    if first in ("help", "-h", "--help") or (set(words) & {"-h", "--help"}):
        return Request("help")
    if first in PLAIN:
        if len(words) > 1:
            raise RunError(f"./run {first} 不带参数，收到了“{words[1]}”。", 2)
        return Request(first)
    return _serve(words)
