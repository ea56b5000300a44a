"""Fixtures of the tests that drive a real browser against the real server.

``server``  the real program over a fresh data folder; links and posters name the proxy's address
``proxy``   the network between the browser and the server (``tests/rig/proxy.py``)
``phone``   Chromium as a phone with a profile that outlives its browser
``phones``  makes further phones: ``phones(locale="ar")``, ``phones(java_script_enabled=False)``
``desk``    Chromium as a desk: a page
``form``    the address of a customer's form, over the proxy; ``store`` what arrived from it
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from surveys.installation import Installation
from tests.browser.phone_story import Store
from tests.conftest import CODES
from tests.rig import browsers
from tests.rig.browsers import Phone
from tests.rig.proxy import Proxy
from tests.rig.server import Server, free_port

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    if browsers.chromium() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(browsers.HOW_TO_GET)
        pytest.skip(browsers.HOW_TO_GET)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy(free_port()) as proxy:
        yield proxy


@pytest.fixture
def server(tmp_path: Path, proxy: Proxy) -> Iterator[Server]:
    with Server(tmp_path / "data", port=proxy.upstream, base_url=proxy.url) as server:
        yield server


@pytest.fixture
def form(chain: Installation, server: Server, proxy: Proxy) -> str:
    """The address of the customer's form at vienna-1, over the proxy."""
    return f"{proxy.url}/q/{CODES['vienna-1']}"


@pytest.fixture
def store(chain: Installation) -> Store:
    """What lies behind the server."""
    return Store(chain)


@pytest.fixture
def phones(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[..., Phone]]:
    made: list[Phone] = []

    def make(**options: Any) -> Phone:
        made.append(Phone(playwright, tmp_path / f"phone-{len(made) + 1}", **options))
        return made[-1]

    yield make
    for phone in made:
        phone.close()


@pytest.fixture
def phone(phones: Callable[..., Phone]) -> Phone:
    return phones()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(**browsers.launch_options())
    yield browser
    browser.close()


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(browsers.TIMEOUT)
    yield context.new_page()
    context.close()
