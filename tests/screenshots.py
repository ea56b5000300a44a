"""``python -m tests.screenshots``: a picture of every page, on a phone and on a desk.

Look at them after you changed one. ``--docs`` makes those that the documentation shows anew, in
their place.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from surveys.translation import LANGUAGES
from tests.rig import browsers, pages, pictures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"), help="the folder")
    parser.add_argument("--only", default="", help="names that hold this, or one,of,these")
    parser.add_argument("--device", choices=pages.DEVICES, help="default: both")
    parser.add_argument("--dark", action="store_true", help="the dark look too")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the desk")
    parser.add_argument("--docs", action="store_true", help="the pictures in docs/pictures instead")
    asked = parser.parse_args()
    if browsers.chromium() is None:
        sys.exit(browsers.HOW_TO_GET)
    if asked.docs:
        made, folder = make_pictures(asked.only), pictures.FOLDER
    else:
        made, folder = make_screenshots(asked), asked.out
    print(f"{made} pictures in {folder}/")


def make_screenshots(asked: argparse.Namespace) -> int:
    names = _holding(asked.only, [view.name for view in pages.VIEWS])
    views = [view for view in pages.VIEWS if view.name in names]
    asked.out.mkdir(parents=True, exist_ok=True)
    looks = ("light", "dark") if asked.dark else ("light",)
    devices = [asked.device] if asked.device else list(pages.DEVICES)
    with _visitors(messages=True) as visitors:
        for view in views:
            for device in devices:
                for look in looks:
                    name = f"{view.name}.{device}{'.dark' if look == 'dark' else ''}.png"
                    with visitors.opened(
                        view, device, language=asked.language, color_scheme=look
                    ) as page:
                        page.screenshot(path=asked.out / name, full_page=True)
                    _progress(name)
    return len(views) * len(devices) * len(looks)


def make_pictures(only: str) -> int:
    names = _holding(only, pictures.PICTURES)
    with _visitors(messages=False) as visitors:
        for name in names:
            pictures.make(visitors, name)
            _progress(name)
    for file in pictures.FOLDER.glob("*.png"):
        if file.stem not in pictures.PICTURES:
            file.unlink()
    return len(names)


@contextmanager
def _visitors(*, messages: bool) -> Iterator[pages.Visitors]:
    with sync_playwright() as playwright, pages.chain(messages=messages) as chain:
        browser = playwright.chromium.launch(**browsers.launch_options())
        yield pages.Visitors(playwright, browser, chain)
        browser.close()


def _holding(part: str, names: Iterable[str]) -> list[str]:
    found = [name for name in names if any(one in name for one in part.split(","))]
    if not found:
        sys.exit(f"no name holds “{part}”: " + ", ".join(names))
    return found


def _progress(name: str) -> None:
    if sys.stdout.isatty():
        print(f"\r{name:60}\r", end="", flush=True)


if __name__ == "__main__":
    main()
