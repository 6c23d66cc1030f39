"""The help: good enough that the README isn't needed, in a terminal of 80 columns."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from fsm_session.cli import main
from tests.unit.cli.folder import command

COMMANDS = sorted(main.commands)


def help_of(*names: str) -> str:
    result = command(*names, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize("name", COMMANDS)
class TestEveryCommand:
    """ "`--help` good enough that the README isn't needed"."""

    def test_the_group_says_what_it_is_for(self, name: str) -> None:
        (line,) = re.findall(rf"^  {name} +(.+)$", help_of(), re.MULTILINE)
        assert line.endswith(".") and not line.endswith("...")

    def test_it_fits(self, name: str) -> None:
        assert max(map(len, help_of(name).splitlines())) <= 80

    def test_it_has_an_example_that_is_a_call(self, name: str) -> None:
        calls = re.findall(
            r"^ +(?:[a-z]+ +)?(?:.*\$\()?(fsm-session .+?)(?:   .*)?$", help_of(name), re.M
        )
        assert calls
        for call in calls:
            words = shlex.split(re.split(r" [|>] |\)", call)[0])
            named = main.commands[words[1]]
            context = click.Context(main)
            with named.make_context(words[1], words[2:], parent=context) as made:
                assert made.params is not None

    def test_each_option_and_argument_is_told(self, name: str) -> None:
        text = help_of(name)
        for parameter in main.commands[name].params:
            if isinstance(parameter, click.Option):
                assert parameter.help
                assert all(each in text for each in parameter.opts)
            else:
                assert parameter.make_metavar(click.Context(main)).strip("[]") in text


class TestGroup:
    """Statuses, and where to begin, are in the group's help."""

    def test_every_exit_status_is_told(self) -> None:
        text = help_of()
        for status in ("0 ", "1 ", "2 ", "130 "):
            assert re.search(rf"^    {status} +[a-z]", text, re.MULTILINE)
        assert "143" in text

    def test_it_fits(self) -> None:
        assert max(map(len, help_of().splitlines())) <= 80

    @pytest.mark.parametrize("name", ["run", "demo", "check", "verify", "diagram"])
    def test_what_answers_something_says_in_which_form(self, name: str) -> None:
        assert "--json" in help_of(name)
        if name != "demo":
            assert '{"format", "command", "status", "result", "files", "errors"}' in help_of(name)
