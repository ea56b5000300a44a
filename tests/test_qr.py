"""The command that prints codes: what comes out, and what it refuses and why."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image

from surveys import codes
from surveys.commands.root import main
from surveys.installation import Installation
from surveys.store import settings, tokens
from tests.conftest import CHAIN
from tests.test_posters import needs_pdftoppm, pages, read, words

BASE = "https://survey.example.org"
SITE = CHAIN[0].site_id


@pytest.fixture
def served(chain: Installation) -> Installation:
    """A chain that was told the address phones reach it by."""
    settings.put(chain.database(), "base_url", BASE)
    return chain


def qr(installation: Installation, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["qr", *arguments, "--data", str(installation.folder)])


def code_of(installation: Installation, touchpoint: str | None = None) -> str:
    found = codes.active(installation.database(), SITE, touchpoint)
    assert found is not None
    return found.token


def decoded(content: bytes) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(content)))]


# --- what comes out ---------------------------------------------------------------------------


def test_a_png_on_standard_output_is_nothing_but_the_picture(served: Installation) -> None:
    result = qr(served, SITE, "--format", "png")
    assert result.exit_code == 0
    assert decoded(result.stdout_bytes) == [f"{BASE}/q/{code_of(served)}"]


@needs_pdftoppm
def test_the_poster_is_the_default(served: Installation, tmp_path: Path) -> None:
    result = qr(served, SITE)
    assert result.stdout_bytes.startswith(b"%PDF-")
    (page,) = pages(result.stdout_bytes, tmp_path, 72)
    assert read(page) == [f"{BASE}/q/{code_of(served)}"]


@needs_pdftoppm
def test_all_sites_in_one_file(served: Installation, tmp_path: Path) -> None:
    out = tmp_path / "all.pdf"
    result = qr(served, "--all", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert result.output == f"{out}: 4 posters, one a page.\n"
    found = [read(page) for page in pages(out.read_bytes(), tmp_path, 72)]
    db = served.database()
    wanted = [codes.active(db, site.site_id) for site in sorted(CHAIN, key=lambda s: s.name)]
    assert sorted(found) == sorted([f"{BASE}/q/{token.token}"] for token in wanted if token)
    assert len(found) == 4


@needs_pdftoppm
@pytest.mark.parametrize(("sheet", "codes_a_page"), [("a5", 1), ("card", 2), ("stickers", 8)])
def test_all_sites_on_any_sheet(
    served: Installation, tmp_path: Path, sheet: str, codes_a_page: int
) -> None:
    out = tmp_path / "all.pdf"
    result = qr(served, "--all", "--sheet", sheet, "--out", str(out))
    assert result.exit_code == 0, result.output
    found = [read(page) for page in pages(out.read_bytes(), tmp_path, 72)]
    assert [len(page) for page in found] == [codes_a_page] * len(CHAIN)
    assert len({address for page in found for address in page}) == len(CHAIN)


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("a", b"%PDF")],
)
def test_the_files_name_says_the_format(
    served: Installation, tmp_path: Path, name: str, begins: bytes
) -> None:
    result = qr(served, SITE, "--out", str(tmp_path / name))
    assert result.exit_code == 0
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert result.output == f"{tmp_path / name}: {BASE}/q/{code_of(served)}\n"


def test_an_svg_may_go_to_a_terminal_and_holds_no_address_in_letters(served: Installation) -> None:
    result = qr(served, SITE, "--format", "svg")
    assert result.stdout.startswith("<?xml")
    assert BASE not in result.stdout


def test_the_same_place_prints_the_same_code(served: Installation) -> None:
    first, second = (qr(served, SITE, "--format", "png").stdout_bytes for _ in range(2))
    assert first == second


@needs_pdftoppm
def test_a_touchpoint_and_an_instrument_have_codes_of_their_own(
    served: Installation, tmp_path: Path
) -> None:
    found = set()
    for number, more in enumerate(([], ["--touchpoint", "till"], ["--instrument", "visit"])):
        folder = tmp_path / str(number)
        folder.mkdir()
        content = qr(served, SITE, *more).stdout_bytes
        (page,) = pages(content, folder, 72)
        found |= set(read(page))
        assert ("till" in words(content, folder)) == (number == 1)
    assert len(found) == 3


# --- what it refuses --------------------------------------------------------------------------


def test_posters_that_no_phone_can_open_are_refused(chain: Installation, tmp_path: Path) -> None:
    result = qr(chain, SITE, "--out", str(tmp_path / "a.pdf"))
    assert result.exit_code == 1
    assert "http://127.0.0.1:8000, which no phone can open" in result.output
    assert "serve --base-url" in result.output
    assert "--anyway" in result.output
    assert not (tmp_path / "a.pdf").exists()
    assert codes.active(chain.database(), SITE) is None


@pytest.mark.parametrize(
    "base", ["http://localhost:8000", "http://[::1]:80", "http://0.0.0.0:8000"]
)
def test_other_words_for_this_machine(chain: Installation, base: str) -> None:
    settings.put(chain.database(), "base_url", base)
    assert qr(chain, "--all").exit_code == 1


def test_anyway(chain: Installation) -> None:
    result = qr(chain, SITE, "--anyway")
    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(b"%PDF")


def test_the_listening_address_is_used_until_one_is_told(chain: Installation) -> None:
    settings.put(chain.database(), "listens_on", "http://192.0.2.7:8080")
    result = qr(chain, SITE, "--format", "png")
    assert decoded(result.stdout_bytes) == [f"http://192.0.2.7:8080/q/{code_of(chain)}"]


def test_a_code_alone_for_this_machine_comes_with_a_word_of_warning(chain: Installation) -> None:
    result = qr(chain, SITE, "--format", "png")
    assert result.exit_code == 0
    assert decoded(result.stdout_bytes)
    assert "which no phone can open" in result.stderr


def test_an_unknown_site_names_those_like_it(served: Installation) -> None:
    result = qr(served, "vienna1")
    assert result.exit_code == 1
    assert "There is no site “vienna1”. Did you mean vienna-1" in result.output


def test_a_chain_without_sites(installation: Installation) -> None:
    result = qr(installation, "--all", "--anyway")
    assert result.exit_code == 1
    assert "sites import" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [SITE, "--all"],
        ["--all", "--format", "png"],
        ["--all", "--withdraw", "x"],
        [SITE, "--withdraw", "x", "--replace", "y"],
        [SITE, "--format", "gif"],
        [SITE, "--sheet", "a3"],
        [SITE, "--sheet", "a5", "--format", "svg"],
        [SITE, "--sheet", "a5", "--out", "a.png"],
    ],
)
def test_wrong_use(served: Installation, arguments: list[str]) -> None:
    assert qr(served, *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--touchpoint", "Till 2"], "is not a touchpoint"),
        (["--instrument", "doorbell"], "is published"),
        (["--instrument", "mirror"], "never by a code on the wall"),
        (["--out", "nowhere/a.pdf"], "There is no folder nowhere"),
        (["--font", __file__], "cannot be used as a font"),
        (["--replace", "torn"], "no active code for counter"),
        (["--withdraw", "torn"], "no active code for counter"),
    ],
)
def test_what_cannot_be_done_says_why(
    served: Installation, arguments: list[str], says: str
) -> None:
    result = qr(served, SITE, *arguments)
    assert result.exit_code == 1
    assert says in result.output
    assert codes.active(served.database(), SITE) is None


def test_a_picture_is_not_poured_over_a_terminal(served: Installation) -> None:
    """Run with a real terminal as its standard output."""
    outside, inside = pty.openpty()
    command = [sys.executable, "-m", "app", "qr", SITE, "--data", str(served.folder)]
    done = subprocess.run(
        command,
        stdout=inside,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).resolve().parent.parent,
        check=False,
    )
    os.close(inside)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: nothing was written, and all have left
        shown = os.read(outside, 1000)
    os.close(outside)
    assert done.returncode == 1
    assert b"A PDF is no text for a terminal. Name a file with --out FILE.pdf" in done.stderr
    assert shown == b""


# --- taking back ------------------------------------------------------------------------------


def test_withdrawing(served: Installation) -> None:
    qr(served, SITE)
    old = code_of(served)
    result = qr(served, SITE, "--withdraw", "The poster was stolen")
    assert result.exit_code == 0
    assert "vienna-1 is withdrawn. Take its posters down" in result.output
    token = tokens.find(served.database(), old)
    assert token is not None
    assert (token.active, token.reason) == (False, "The poster was stolen")


def test_withdrawing_needs_no_address(chain: Installation) -> None:
    qr(chain, SITE, "--anyway")
    assert qr(chain, SITE, "--withdraw", "Stolen").exit_code == 0


def test_replacing_prints_the_new_one(served: Installation) -> None:
    old_picture = qr(served, SITE, "--touchpoint", "till", "--format", "png").stdout_bytes
    old = code_of(served, "till")
    arguments = [SITE, "--touchpoint", "till", "--format", "png", "--replace", "Torn"]
    new_picture = qr(served, *arguments).stdout_bytes
    new = code_of(served, "till")
    assert new != old
    assert decoded(old_picture) == [f"{BASE}/q/{old}"]
    assert decoded(new_picture) == [f"{BASE}/q/{new}"]
    token = tokens.find(served.database(), old)
    assert token is not None
    assert token.replaced_by == new


def test_the_wrong_touchpoint_names_the_right_ones(served: Installation) -> None:
    result = qr(served, SITE, "--touchpoint", "door", "--withdraw", "Torn")
    assert result.exit_code == 1
    assert "no active code for counter at door. It has: --touchpoint queue." in result.output


def test_letters_without_a_font_are_told(served: Installation) -> None:
    db = served.database()
    db.execute("UPDATE sites SET name = '北京店' WHERE site_id = :site_id", {"site_id": SITE})
    result = qr(served, SITE)
    assert result.exit_code == 0
    assert "lack 北京店 in the name of vienna-1" in result.stderr
    assert "--font" in result.stderr
