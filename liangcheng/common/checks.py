"""What `manage.py check` says about an installation: only what somebody must change before people work with it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections

from liangcheng.common.db import postgresql_locale
from liangcheng.common.sealing import key_fault
from liangcheng.env import SQLITE_OPTIONS

# 网络安全法: logs are kept for six months at least.
LEAST_LOG_DAYS = 180
_NEEDED = ("journal_mode=wal", "synchronous=normal")


@register(Tags.security)
def check_secret_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The key that stands in the public source signs nothing outside development."""
    if settings.DEBUG or not settings.SECRET_KEY.startswith("insecure-"):
        return []
    return [
        Error(
            "SECRET_KEY 还是源码里的示例值。",
            hint="请设置环境变量 SECRET_KEY 或 SECRET_KEY_FILE（50 位以上随机字符），或用 ./run 启动。",
            id="liangcheng.E001",
        )
    ]


@register(Tags.security)
def check_allowed_hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without host names every address answers 400; with "*" any forged Host is believed."""
    if not settings.ALLOWED_HOSTS and not settings.DEBUG:
        return [Error("ALLOWED_HOSTS 是空的。", hint="请填写本系统的域名，用逗号隔开。", id="liangcheng.E002")]
    if "*" in settings.ALLOWED_HOSTS and settings.HTTPS:
        return [Warning("ALLOWED_HOSTS 里有“*”。", hint="请只填写本系统的域名。", id="liangcheng.W001")]
    return []


@register(Tags.security)
def check_https_hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Served under a name of its own but without TLS: passwords travel readable."""
    local = {"127.0.0.1", "localhost", "[::1]", "*"}
    if settings.DEBUG or settings.HTTPS or set(settings.ALLOWED_HOSTS) <= local:
        return []
    return [
        Warning("系统有对外域名，但没有启用 HTTPS。", hint="请在代理上配好证书并设置 HTTPS=1。", id="liangcheng.W002")
    ]


@register(Tags.security)
def check_webhook_timeout(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A delivery that outlasts the outbox's lease would be taken up by a second worker while the first still sends."""
    if 1 <= settings.WEBHOOK_TIMEOUT <= 60:
        return []
    return [Error("WEBHOOK_TIMEOUT 应在 1 到 60 秒之间。", hint="一般用 10 秒。", id="liangcheng.E005")]


@register(Tags.security)
def check_identity_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Identity numbers are only taken where they can be kept sealed (ADR 0012)."""
    if not settings.IDENTITY_NUMBERS:
        return []
    fault = key_fault(settings.IDENTITY_KEY)
    old = [key for key in settings.IDENTITY_KEYS_OLD if key_fault(key)]
    if not fault and not old:
        return []
    what = f"IDENTITY_KEY {fault}" if fault else "IDENTITY_KEYS_OLD 里有不能用的密钥"
    hint = '用 python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())" 生成，另行保管。'
    return [Error(f"启用了身份证号（IDENTITY_NUMBERS=1），但{what}。", hint=hint, id="liangcheng.E006")]


@register(Tags.security)
def check_access_log(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Records of use must be there for 180 days at least."""
    if settings.ACCESS_LOG_DAYS >= LEAST_LOG_DAYS:
        return []
    return [
        Error(f"ACCESS_LOG_DAYS 不能少于 {LEAST_LOG_DAYS} 天。", hint="一般用 1095（三年）。", id="liangcheng.E007")
    ]


@register(Tags.database)
def check_databases(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Only with `check --database default` and before `migrate`: these look into the database itself."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        inspect = _BY_VENDOR.get(connections[alias].vendor)
        if inspect:
            found += inspect(alias)
    return found


def _check_sqlite(alias: str) -> list[CheckMessage]:
    """WAL, its timeout and IMMEDIATE belong together: each alone makes writing slower or fail (LIBRARIES 5)."""
    options = connections[alias].settings_dict.get("OPTIONS", {})
    commands = str(options.get("init_command", "")).replace(" ", "").lower()
    immediate = options.get("transaction_mode") == SQLITE_OPTIONS["transaction_mode"]
    if immediate and options.get("timeout", 5) >= 5 and all(needed in commands for needed in _NEEDED):
        return []
    return [Error("SQLite 须用 WAL、IMMEDIATE 并设等待时间。", hint="见 liangcheng/env.py。", id="liangcheng.E003")]


def _check_postgresql(alias: str) -> list[CheckMessage]:
    """With ctype C, lower() knows ASCII only, and a search for é or Ω misses; UTF-8 alone does not help."""
    try:
        encoding, ctype = postgresql_locale(alias)
    except DatabaseError:
        return []  # whoever asked finds out by themselves that it does not answer
    if encoding != "UTF8":
        return [Error("数据库编码不是 UTF-8。", hint="请用 UTF-8 重新建库。", id="liangcheng.E004")]
    if ctype in {"C", "POSIX"}:
        return [
            Warning(
                "数据库字符分类（LC_CTYPE）是 C，大小写不敏感的查找只认英文字母。",
                hint="建库时请用 --locale=C.UTF-8 或 zh_CN.UTF-8。",
                id="liangcheng.W003",
            )
        ]
    return []


_BY_VENDOR = {"sqlite": _check_sqlite, "postgresql": _check_postgresql}
