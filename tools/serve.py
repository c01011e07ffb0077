"""`./run`: prepare, start the server and the worker, say where they are, and keep watch over them."""

import errno
import http.client
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tools import environment, private_files, processes
from tools.arguments import Request
from tools.console import RunError, say, tail
from tools.paths import LOGS, ROOT, VAR, make_folders, shown

HOST = "127.0.0.1"
_STEPS = {
    "migrate": ("正在更新数据库结构……", ("migrate", "--noinput")),
    "load_reference": ("正在载入网格、事项分类、工作日历和条线部门……", ("load_reference",)),
    "seed_demo": ("正在生成演示人员和案件（只在第一次）……", ("seed_demo",)),
    "collectstatic": ("正在整理页面的静态文件……", ("collectstatic", "--noinput", "--verbosity", "0")),
}
_LONGEST_LOG = 10 * 1024 * 1024


def check_port(port: int) -> None:
    """Refuse a port that cannot be had, before any slow work."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            other = 8001 if port == 8000 else 8000
            if error.errno == errno.EACCES:
                raise RunError(f"没有权限使用端口 {port}（小于 1024）。请换一个：./run --port {other}") from None
            raise RunError(
                f"端口 {port} 已被占用，也许另一个 ./run 还开着。请先停掉它，或换一个端口：./run --port {other}"
            ) from None


def _log(name: str) -> Path:
    """Return the path of a log, the old one moved aside when it has grown long."""
    path = LOGS / f"{name}.log"
    if path.exists() and path.stat().st_size > _LONGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path


def prepare(env: dict[str, str], demo: bool) -> None:
    """Bring database, reference data, demo and static files up to date; each step does nothing where nothing is due."""
    path = _log("setup")
    for name, (message, words) in _STEPS.items():
        if name == "seed_demo" and not demo:
            continue
        say(message)
        with path.open("ab") as log:
            code = processes.run(environment.manage(*words), cwd=ROOT, env=env, output=log)
        if code:
            raise RunError(f"这一步没有成功（manage.py {name}）。最后几行（全文见 {shown(path)}）：\n{tail(path)}")


@dataclass
class Child:
    """A process that we keep running, and its log."""

    name: str
    command: list[str]
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    delay: float = 1
    due: float = 0

    def start(self) -> None:
        """Start it, its output appended to its log."""
        self.started = time.monotonic()
        with _log(self.name).open("ab") as log:
            self.process = processes.start(self.command, cwd=ROOT, env=self.env, output=log)

    def alive(self) -> bool:
        """Tell whether it runs."""
        return self.process is not None and self.process.poll() is None


def server(port: int, env: dict[str, str]) -> Child:
    """Describe the web server: two processes of four threads, as measured to be enough for a street."""
    words = ["-m", "gunicorn", "liangcheng.wsgi:application", "--bind", f"{HOST}:{port}", "--worker-class", "gthread"]
    words += ["--workers", "2", "--threads", "4", "--graceful-timeout", "5", "--no-control-socket"]
    return Child("server", [str(environment.PYTHON), *words], env)


def worker(env: dict[str, str]) -> Child:
    """Describe the worker that delivers notices and watches the clock."""
    return Child("worker", environment.manage("worker"), env)


def answers(port: int) -> bool:
    """Tell whether the health page says 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _server_died(web: Child) -> RunError:
    path = LOGS / f"{web.name}.log"
    return RunError(f"网页服务停了。最后几行（全文见 {shown(path)}）：\n{tail(path)}")


def wait_until_up(web: Child, port: int, patience: float = 60) -> None:
    """Wait for the health page; a server that ends or stays silent is a problem told with its log."""
    until = time.monotonic() + patience
    while not answers(port):
        if not web.alive():
            raise _server_died(web)
        if time.monotonic() > until:
            path = LOGS / f"{web.name}.log"
            raise RunError(f"网页服务启动了，但 /healthz 没有正常应答。日志 {shown(path)}：\n{tail(path)}")
        time.sleep(0.2)


def keep_worker(child: Child, now: float) -> None:
    """Restart a worker that ended: at once the first time, then ever slower, up to a minute."""
    if child.alive():
        return
    if child.process is not None:
        if now - child.started > 60:
            child.delay = 1
        say(f"后台任务意外停止，{child.delay:.0f} 秒后重启。日志：{shown(LOGS / 'worker.log')}")
        child.due, child.process, child.delay = now + child.delay, None, min(60, child.delay * 2)
    elif now >= child.due:
        child.start()


def introduce(port: int, env: dict[str, str], password: str) -> None:
    """Print the address and, with a demo, who can sign in."""
    say(f"\n凉城新村街道网格案件登记系统已启动：http://{HOST}:{port}/\n")
    if password:
        accounts = subprocess.run(
            environment.manage("demo_accounts"), cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )
        say(f"演示账号（密码都是 {password} ）：")
        rows = [line.split("\t") for line in accounts.stdout.splitlines() if line.strip()]
        width = max((len(row[0]) for row in rows), default=0)
        for row in rows:
            say(f"  {row[0]:<{width}}  {'  '.join(row[1:])}")
        if accounts.returncode or not rows:
            say("  （没有取到账号列表，可运行 ./run manage demo_accounts 查看原因）")
    else:
        say("没有演示账号。第一个管理员这样建：./run manage createsuperuser")
    say("\n按 Ctrl-C 停止。")


def serve(request: Request) -> int:
    """Do all of it, until a signal ends it; what was started is ended in any case."""
    check_port(request.port)
    environment.ensure("runtime")
    make_folders()
    env = environment.variables()
    password = private_files.demo_password(VAR) if request.demo else ""
    prepare(env | ({"DEMO_PASSWORD": password} if password else {}), request.demo)
    web, background = server(request.port, env), worker(env)
    try:
        web.start()
        background.start()
        wait_until_up(web, request.port)
        introduce(request.port, env, password)
        while web.alive():
            keep_worker(background, time.monotonic())
            time.sleep(0.5)
        raise _server_died(web)
    except processes.Stopped:
        say("\n正在停止……")
        return 0
    finally:
        for child in (web, background):
            if child.process:
                processes.end(child.process)
        say("已停止。")
