"""What the words after `./run` mean."""

import pytest

from tools.arguments import Request, parse
from tools.console import RunError


def test_without_words_it_serves_with_demo_on_8000():
    assert parse([]) == Request("serve", port=8000, demo=True)


@pytest.mark.parametrize("words", [["--port", "9001", "--no-demo"], ["--no-demo", "--port=9001"]])
def test_serve_options(words):
    assert parse(words) == Request("serve", port=9001, demo=False)


@pytest.mark.parametrize("command", ["test", "manage", "bench"])
def test_everything_after_a_passing_command_is_passed_untouched(command):
    rest = ["--port", "x", "--help", "-k", "a b"]
    assert parse([command, *rest]) == Request(command, rest=rest)


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], ["--port", "--help"], ["check", "--help"]])
def test_help(words):
    assert parse(words).command == "help"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "8o", "８０００", ""])
def test_a_port_that_is_none_is_refused_in_words(port):
    with pytest.raises(RunError, match="端口应是 1 到 65535") as caught:
        parse([f"--port={port}"])
    assert caught.value.code == 2


@pytest.mark.parametrize("words", [["serv"], ["--ports", "1"], ["check", "now"], ["--port"]])
def test_unknown_words_are_refused_with_the_way_to_help(words):
    with pytest.raises(RunError, match=r"不认识|不带参数|参数不对") as caught:
        parse(words)
    assert caught.value.code == 2
