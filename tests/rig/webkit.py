"""WebKitGTK, the engine nearest to an iPhone's, driven through Debian's ``webkit2gtk-driver``.

It needs a screen: Xvfb is one that nobody looks at.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.webkitgtk.service import Service

HOW_TO_GET = "no WebKitGTK here: on Debian or Ubuntu `apt-get install webkit2gtk-driver xvfb`"


def browser() -> Path | None:
    """WebKitGTK's small browser, if it can be driven here."""
    if shutil.which("WebKitWebDriver") is None or shutil.which("Xvfb") is None:
        return None
    return next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), None)


@contextmanager
def driver() -> Iterator[webdriver.WebKitGTK]:
    """A browser on a screen of its own."""
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "800x1200x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as screen:
        assert screen.stdout is not None
        display = screen.stdout.readline().decode().strip()
        options = webdriver.WebKitGTKOptions()
        options.binary_location = str(browser())
        options.add_argument("--automation")
        # Its sandbox does not work for root, as in a container.
        sandbox = {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"} if os.geteuid() == 0 else {}
        service = Service(
            executable_path=shutil.which("WebKitWebDriver"),
            env={**os.environ, "DISPLAY": f":{display}", **sandbox},
        )
        try:
            with warnings.catch_warnings():
                # Selenium calls its own deprecated parameter here.
                warnings.filterwarnings("ignore", "setting remote_server_addr", DeprecationWarning)
                made = webdriver.WebKitGTK(options=options, service=service)
            try:
                made.set_script_timeout(20)
                yield made
            finally:
                made.quit()
        finally:
            screen.terminate()
