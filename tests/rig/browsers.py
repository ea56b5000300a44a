"""Chromium as a phone that can lose its battery, and as a desk."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Playwright, expect

HOW_TO_GET = (
    "no Chromium here: on Debian or Ubuntu `apt-get install chromium`, elsewhere set"
    " TOUCHSTONE_CHROMIUM to a Chromium's or Chrome's program"
)
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
TIMEOUT = 20_000  # milliseconds a page may take for anything; two busy cores are no fault of it
expect.set_options(timeout=TIMEOUT)


def chromium() -> str | None:
    """The program of an installed Chromium, or None."""
    named = os.environ.get("TOUCHSTONE_CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return None


def launch_options() -> dict[str, Any]:
    # Chromium's own sandbox does not work for root, as in a container.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": chromium(), "args": QUIET + root}


class Phone:
    """A phone: a Chromium profile that survives the death of its browser.

    ``faults`` collects errors of the page and of the console, ``elsewhere`` the addresses of
    requests to any host but this machine. Both are kept over :meth:`kill` and :meth:`reopen`.
    """

    def __init__(self, playwright: Playwright, profile: Path, **options: Any) -> None:
        device = dict(playwright.devices["Pixel 7"])
        device.pop("default_browser_type")
        self.profile = profile
        self.faults: list[str] = []
        self.elsewhere: list[str] = []
        self._playwright = playwright
        self._options = device | {"locale": "en-GB", "timezone_id": "Europe/Paris"} | options
        self.context: BrowserContext
        self.page: Page
        self.reopen()

    def reopen(self) -> Page:
        """Starts the browser over the same profile, as after a dead battery."""
        for lock in self.profile.glob("Singleton*"):
            lock.unlink()
        self.context = self._playwright.chromium.launch_persistent_context(
            self.profile, **launch_options(), **self._options
        )
        self.context.set_default_timeout(TIMEOUT)
        self.context.on("page", self._watch)
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()
        self._watch(self.page)
        return self.page

    def kill(self) -> None:
        """The battery dies: every process of this browser ends at once, without a word."""
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(Error):
            self.context.close()

    def close(self) -> None:
        with contextlib.suppress(Error):
            self.context.close()

    def _processes(self) -> list[int]:
        """The processes started with this profile (the folder's name is in their command line)."""
        own = f"--user-data-dir={self.profile}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if own in (entry / "cmdline").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
        assert found, "the browser is not running"
        return found

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._console)
        page.on("request", lambda request: self._requested(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        # A request that fails without a network is written to the console by the browser itself.
        if message.type == "error" and "net::ERR_" not in message.text:
            self.faults.append(message.text)

    def _requested(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:", "about:")):
            self.elsewhere.append(url)
