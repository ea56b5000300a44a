"""The core of the story in WebKitGTK, the engine nearest to an iPhone's.

Opened with a network; the network is gone; opened again from the phone's own cache, answered and
sent; the network is back; delivered once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.rig import story, webkit
from tests.rig.proxy import Proxy
from tests.rig.server import Server
from tests.rig.tables import rows

READY = "const done = arguments[0]; navigator.serviceWorker.ready.then(() => done(true))"
SENDING = "POST /api/submissions"


@pytest.fixture
def safari() -> Iterator[WebKitGTK]:
    if webkit.browser() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(webkit.HOW_TO_GET)
        pytest.skip(webkit.HOW_TO_GET)
    with webkit.driver() as driver:
        yield driver


def until(driver: WebKitGTK, holds: Callable[[WebKitGTK], Any], what: str) -> None:
    WebDriverWait(driver, 20).until(holds, what)


def says(text: str) -> Callable[[WebKitGTK], bool]:
    return lambda driver: text in driver.find_element(By.TAG_NAME, "body").text


def tap(driver: WebKitGTK, element: WebElement) -> None:
    """As a thumb does it: scrolled clear of the bar that holds Send, then tapped."""
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def answer(driver: WebKitGTK) -> dict[str, str]:
    tap(driver, driver.find_element(By.CSS_SELECTOR, '[data-k="moment"] [value="worse"]'))
    ticked = {}
    for scale in driver.find_elements(By.CSS_SELECTOR, 'fieldset[data-t="scale"]'):
        tap(driver, scale.find_element(By.CSS_SELECTOR, '[value="6"]'))
        ticked[str(scale.get_attribute("data-k"))] = "6"
    assert len(ticked) == 3
    return ticked


def send(driver: WebKitGTK) -> None:
    driver.find_element(By.CSS_SELECTOR, "button.go").click()


@pytest.fixture
def address(server: Server) -> str:
    story.import_sites(server)
    return story.scan(story.poster(server, "north-1"))


def holds_once(server: Server, ticked: dict[str, str]) -> None:
    found = rows(server.command("export", "ratings"))
    assert {row["dimension"]: row["level"] for row in found} == ticked
    assert len(found) == len(ticked)
    (moments,) = (
        row for row in rows(server.command("export", "moments")) if row["contacts"] != "0"
    )
    assert (moments["contacts"], moments["misery"]) == ("1", "1")


def test_answered_without_a_network(
    server: Server, proxy: Proxy, address: str, safari: WebKitGTK
) -> None:
    safari.get(address)
    assert safari.execute_async_script(READY)

    proxy.down()
    safari.refresh()
    ticked = answer(safari)
    send(safari)
    until(safari, says("Kept on this phone"), "what was sent is kept on the phone")
    assert rows(server.command("export", "ratings")) == []

    proxy.up()
    safari.refresh()
    until(safari, says("Delivered"), "it was delivered when the network was back")
    holds_once(server, ticked)


def test_the_answer_is_lost(server: Server, proxy: Proxy, address: str, safari: WebKitGTK) -> None:
    safari.get(address)
    ticked = answer(safari)
    proxy.lose(only=SENDING)
    send(safari)
    proxy.wait_until(lambda p: p.lost > 0, "an answer was lost")
    until(safari, says("Kept on this phone"), "what was sent is kept on the phone")
    holds_once(server, ticked)

    proxy.up()
    safari.refresh()
    until(safari, says("Delivered"), "it was delivered when the network was back")
    holds_once(server, ticked)
