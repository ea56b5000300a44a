"""``python -m tests.screenshots``: a picture of every page, on a phone and on a desk.

Look at them after you changed one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.rig import browsers, pages


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"), help="the folder")
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--device", choices=pages.DEVICES, help="default: both")
    parser.add_argument("--dark", action="store_true", help="the dark look too")
    asked = parser.parse_args()
    if browsers.chromium() is None:
        sys.exit(browsers.HOW_TO_GET)
    views = [view for view in pages.VIEWS if asked.only in view.name]
    if not views:
        sys.exit(f"no page's name holds “{asked.only}”: " + ", ".join(v.name for v in pages.VIEWS))
    asked.out.mkdir(parents=True, exist_ok=True)
    looks = ("light", "dark") if asked.dark else ("light",)
    devices = [asked.device] if asked.device else list(pages.DEVICES)
    with sync_playwright() as playwright, pages.chain() as chain:
        browser = playwright.chromium.launch(**browsers.launch_options())
        visitors = pages.Visitors(playwright, browser, chain)
        for view in views:
            for device in devices:
                for look in looks:
                    name = f"{view.name}.{device}{'.dark' if look == 'dark' else ''}.png"
                    with visitors.opened(view, device, color_scheme=look) as page:
                        page.screenshot(path=asked.out / name, full_page=True)
                    if sys.stdout.isatty():
                        print(f"\r{name:60}", end="", flush=True)
        browser.close()
    print(f"{len(views) * len(devices) * len(looks)} pictures in {asked.out}/")


if __name__ == "__main__":
    main()
