"""The pictures that the documentation shows: what each shows, and how it is made small."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps
from playwright.sync_api import Page

from tests.rig import pages
from tests.rig.server import ROOT

FOLDER = ROOT / "docs" / "pictures"
GAP = 18
FRAME = "#8a8f8c"
SIZES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1100, "height": 760}},
    "wide": {"viewport": {"width": 1280, "height": 960}},
    "phone": {"viewport": {"width": 412, "height": 900}, "device_scale_factor": 1},
}


@dataclass(frozen=True)
class Picture:
    """What is seen of one or several views of :data:`tests.rig.pages.VIEWS`, side by side.

    ``size``: one of :data:`SIZES`. ``at``: a CSS selector; what it finds first stands at the
    picture's upper edge. ``high``: the height in CSS pixels, if not that of the size.
    """

    views: tuple[str, ...]
    size: str = "desk"
    at: str = ""
    high: int | None = None


PICTURES = {
    "phone": Picture(("form-en", "waiting-en", "form-ar"), "phone"),
    "desk": Picture(("desk-owner",), "wide"),
    "setup": Picture(("setup-organisation",), high=500),
    "first-poster": Picture(("setup-poster",), high=720),
    "answer": Picture(("form-en", "thanks-en"), "phone"),
    "posters": Picture(("posters-owner",), at="fieldset:has(legend:text-is('On what'))", high=620),
    "people-link": Picture(("people-link",), high=520),
    "how-to-read": Picture(("desk-owner",), at="section.legend", high=430),
    "site": Picture(("site-customers",), at="#dimensions", high=680),
    "held": Picture(("held-owner",), high=540),
    "held-one": Picture(("held-one-owner",), at="section:has(> #wrong)"),
    "instrument-faults": Picture(("instrument-edit-wrong",), at="section:has(> #faults)", high=330),
    "instrument-sound": Picture(("instrument-edit-sound",), at="section:has(> #sound)", high=260),
    "instrument-preview": Picture(("instrument-preview",), high=860),
    "downloads": Picture(("desk-owner",), at="section.downloads", high=340),
    "shopper-day": Picture(("visits-ready", "report-form", "queue"), "phone"),
    "shopper-report": Picture(("report-scale", "report-last-look", "report-returned"), "phone"),
    "staff": Picture(("staff",), high=820),
}
"""By the name of their file in ``docs/pictures``."""


def make(visitors: pages.Visitors, name: str) -> None:
    """Writes one picture."""
    picture = PICTURES[name]
    views = {view.name: view for view in pages.VIEWS}
    shots = []
    for view in picture.views:
        device = "phone" if picture.size == "phone" else "desk"
        with visitors.opened(views[view], device, **SIZES[picture.size]) as page:
            shots.append(_shot(page, picture))
    if len(shots) > 1:
        shots = [ImageOps.expand(shot, 1, FRAME) for shot in shots]
    wide = sum(shot.width for shot in shots) + GAP * (len(shots) - 1)
    sheet = Image.new("RGB", (wide, max(shot.height for shot in shots)), "white")
    x = 0
    for shot in shots:
        sheet.paste(shot, (x, 0))
        x += shot.width + GAP
    # A page has few colours: a palette makes the file a third as large, and nobody sees it.
    small = sheet.quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(FOLDER / f"{name}.png", optimize=True)


def _shot(page: Page, picture: Picture) -> Image.Image:
    if picture.high is not None:
        assert page.viewport_size is not None
        page.set_viewport_size({"width": page.viewport_size["width"], "height": picture.high})
    where = "top => scrollTo(0, top)"
    if picture.at:
        found = page.locator(picture.at).first
        page.evaluate(where, found.evaluate("e => e.getBoundingClientRect().top + scrollY - 12"))
    else:
        page.evaluate(where, 0)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def shown(page: Path) -> set[str]:
    """The names of the pictures that a page of the documentation shows."""
    text = page.read_text(encoding="utf-8")
    return set(re.findall(r"!\[[^\]]+\]\((?:docs/)?pictures/([\w-]+)\.png\)", text))
