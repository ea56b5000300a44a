"""Steps of the whole story, as a person does them: hang a poster, scan it, sign in, download."""

from __future__ import annotations

import subprocess
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Page

from tests.rig.server import Server
from tests.rig.tables import rows

SITES = """\
site_id,name,region,timezone,language,address,latitude,longitude,kind
north-1,"Harbour Street",North,Europe/Paris,en,"1 Harbour Street",,,external
south-1,"Market Square",South,Europe/Madrid,es,"2 Market Square",,,external
"""


def import_sites(server: Server) -> None:
    file = server.folder.with_name("sites.csv")
    file.write_text(SITES, encoding="utf-8")
    server.command("sites", "import", file)


def poster(server: Server, site: str) -> Path:
    """The poster of a site as a PDF; the address on it is only this machine's, hence --anyway."""
    out = server.folder.with_name(f"{site}.pdf")
    server.command("qr", site, "--anyway", "--out", out)
    return out


def scan(pdf: Path) -> str:
    """What a camera reads from the printed poster: its first page, rasterised and decoded."""
    image = pdf.with_suffix("")
    subprocess.run(
        ["pdftoppm", "-r", "100", "-png", "-singlefile", str(pdf), str(image)], check=True
    )
    with Image.open(image.with_suffix(".png")) as page:
        found = zxingcpp.read_barcodes(page)
    assert len(found) == 1, f"{len(found)} codes on the poster"
    return found[0].text


def join(page: Page, link: str, name: str, password: str = "correct horse battery") -> None:
    """Takes up an invitation; the page is then signed in."""
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("A password").fill(password)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/desk*")


def download(page: Page, table: str) -> list[dict[str, str]]:
    """The rows of a table, by the desk's own link to its CSV."""
    page.goto(page.url.split("/desk")[0] + "/desk")
    with page.expect_download() as waiting:
        page.locator(f'.downloads a[href^="/exports/{table}.csv"]').first.click()
    content = Path(waiting.value.path()).read_bytes().decode("utf-8")
    return rows(content)
