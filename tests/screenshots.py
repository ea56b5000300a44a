"""``python -m tests.screenshots``: a picture of every page, on a phone and on a desk.

Look at them after you changed one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from surveys.translation import LANGUAGES
from tests.rig import browsers, pages


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"), help="the folder")
    parser.add_argument("--only", default="", help="pages whose name holds this, or one,of,these")
    parser.add_argument("--device", choices=pages.DEVICES, help="default: both")
    parser.add_argument("--dark", action="store_true", help="the dark look too")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the desk")
    asked = parser.parse_args()
    if browsers.chromium() is None:
        sys.exit(browsers.HOW_TO_GET)
    wanted = asked.only.split(",")
    views = [view for view in pages.VIEWS if any(part in view.name for part in wanted)]
    if not views:
        sys.exit(f"no page's name holds “{asked.only}”: " + ", ".join(v.name for v in pages.VIEWS))
    asked.out.mkdir(parents=True, exist_ok=True)
    looks = ("light", "dark") if asked.dark else ("light",)
    devices = [asked.device] if asked.device else list(pages.DEVICES)
    failed: list[str] = []
    with sync_playwright() as playwright, pages.chain() as chain:
        browser = playwright.chromium.launch(**browsers.launch_options())
        visitors = pages.Visitors(playwright, browser, chain)
        for view in views:
            for device in devices:
                for look in looks:
                    name = f"{view.name}.{device}{'.dark' if look == 'dark' else ''}.png"
                    options = {"language": asked.language, "color_scheme": look}
                    try:
                        with visitors.opened(view, device, **options) as page:
                            page.screenshot(path=asked.out / name, full_page=True)
                    except (Error, AssertionError) as error:
                        failed.append(f"{name}: {str(error).splitlines()[0]}")
                    if sys.stdout.isatty():
                        print(f"\r{name:60}", end="", flush=True)
        browser.close()
    print(f"{len(views) * len(devices) * len(looks) - len(failed)} pictures in {asked.out}/")
    if failed:
        sys.exit("\n".join(["not taken:", *failed]))


if __name__ == "__main__":
    main()
