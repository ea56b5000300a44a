"""The core of a shopper's day in Firefox: opened without a network, filled in, the browser killed,
gone on with, sent once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from surveys.installation import Installation
from tests.browser.shopper_story import COLOURS, Hand, accept, holds, invitation, publish
from tests.rig import firefox
from tests.rig.proxy import Proxy
from tests.rig.server import Server


def test_killed_without_a_network_and_sent_once(
    chain: Installation, server: Server, proxy: Proxy, tmp_path: Path
) -> None:
    if firefox.program() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(firefox.HOW_TO_GET)
        pytest.skip(firefox.HOW_TO_GET)
    publish(chain, tmp_path)
    profile = tmp_path / "firefox"
    with firefox.browser(profile) as fox:
        hand = Hand(fox, proxy.url)
        hand.sign_in(invitation(chain))
        (visit,) = accept(chain, 1)
        hand.get_ready()
        proxy.down()
        hand.open(visit)
        hand.begin(COLOURS[0])
        fox.kill()

    with firefox.browser(profile) as fox:
        hand = Hand(fox, proxy.url)
        hand.open(visit)
        hand.has_photo()
        hand.go_on()
        assert holds(chain, []) == []
        proxy.up()
        hand.delivered()
    holds(chain, [(visit, [COLOURS[0]])])
