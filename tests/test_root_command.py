"""``app.py`` without a command."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from surveys.commands.root import main


def test_options_without_a_command_are_those_of_serve(folder: Path) -> None:
    for arguments, said in (
        (["--port", "99999"], "99999 is not in the range"),
        (["--data", str(folder), "--base-url", "nowhere"], "“nowhere” does not begin with http"),
        (["--nonsense"], "No such option"),
    ):
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 2
        assert said in result.output
    assert "Commands:" in CliRunner().invoke(main, ["--help"]).output
