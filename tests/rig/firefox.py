"""Firefox, driven over its own WebDriver BiDi socket: Debian has no geckodriver.

No more of the protocol than a story needs: open an address, run a script, choose a file, end.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

HOW_TO_GET = "no Firefox here: on Debian `apt-get install firefox-esr`"
PATIENCE = 30.0

QUIET = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.prefs.recommended": True,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.enabled": False,
}


def program() -> str | None:
    """The program of an installed Firefox, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One window over a profile that survives the death of its browser."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self.process = process
        self._numbers = itertools.count(1)
        self._socket = websocket.create_connection(
            f"{address}/session", timeout=PATIENCE, suppress_origin=True
        )
        self._ask("session.new", capabilities={})
        contexts = self._ask("browsingContext.getTree")["contexts"]
        self._context = contexts[0]["context"]

    def open(self, address: str) -> None:
        self._ask("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def run(self, script: str) -> Any:
        """What an (async) expression comes to, as plain JSON."""
        answer = self._ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({script})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] == "exception":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def choose(self, selector: str, *files: Path) -> None:
        """Put files into a file input, as its owner does."""
        found = self._ask(
            "browsingContext.locateNodes",
            context=self._context,
            locator={"type": "css", "value": selector},
        )["nodes"]
        element = {"sharedId": found[0]["sharedId"]}
        names = [str(file) for file in files]
        self._ask("input.setFiles", context=self._context, element=element, files=names)

    def until(self, script: str, what: str) -> Any:
        """Waits until the expression is true."""
        last = time.monotonic() + PATIENCE
        while time.monotonic() < last:
            if found := self.run(script):
                return found
            time.sleep(0.1)
        said = self.run("document.body.innerText")
        raise AssertionError(f"{what}: {script}\n{said}")

    def kill(self) -> None:
        """The battery dies."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        self._socket.shutdown()

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") != number:
                continue  # an event
            if said["type"] == "error":
                raise AssertionError(f"{method}: {said['error']}: {said['message']}")
            found: dict[str, Any] = said["result"]
            return found


@contextmanager
def browser(profile: Path) -> Iterator[Firefox]:
    """A Firefox over ``profile``, which may be used again after it."""
    profile.mkdir(exist_ok=True)
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in QUIET.items()
    ]
    (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
    port = profile / "WebDriverBiDiServer.json"
    port.unlink(missing_ok=True)
    known = program()
    assert known is not None, HOW_TO_GET
    process = subprocess.Popen(
        [known, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", profile],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"},
    )
    made = None
    try:
        made = Firefox(process, _address(process, port))
        yield made
    finally:
        if made is not None:
            made.hang_up()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(process: subprocess.Popen[bytes], port: Path) -> str:
    """Where it listens, as it writes down when it has started."""
    last = time.monotonic() + 3 * PATIENCE
    while time.monotonic() < last and process.poll() is None:
        if port.exists() and (text := port.read_text(encoding="utf-8")):
            told = json.loads(text)
            return f"ws://{told['ws_host']}:{told['ws_port']}"
        time.sleep(0.1)
    raise AssertionError("Firefox did not start")
