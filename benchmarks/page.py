"""The customer's first view: the document and all it loads to paint and be answered."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.rig import browsers, pages

MOST_BYTES = 14_000
MOST_REQUESTS = 3


def report() -> str:
    lines = [
        "| page | requests | bytes transferred, heads included | first contentful paint |",
        "|---|---|---|---|",
    ]
    with sync_playwright() as playwright, pages.chain() as chain:
        browser = playwright.chromium.launch(**browsers.launch_options())
        for language in pages.LANGUAGES:
            url = f"{chain.server.url}/q/{chain.places['code']}?lang={language}"
            requests, size, paint = first_view(browser, url)
            lines.append(f"| {language} | {requests} | {size:,} | {paint:.0f} ms |")
        browser.close()
    lines.append("")
    lines.append(
        f"Promised: at most {MOST_REQUESTS} requests and {MOST_BYTES:,} bytes. Measured with"
        " Chromium's own counter (CDP `encodedDataLength`) on an empty cache, until the page's"
        " `load` event; paint over loopback."
    )
    return "\n".join(lines)


def first_view(browser: Browser, url: str) -> tuple[int, int, float]:
    """Requests, bytes as transferred (with the answers' heads), milliseconds to the first paint."""
    context = browser.new_context(viewport={"width": 412, "height": 839})
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        sizes: dict[str, float] = {}

        def finished(event: dict[str, Any]) -> None:
            sizes[event["requestId"]] = event["encodedDataLength"]

        session.on("Network.loadingFinished", finished)
        page.goto(url, wait_until="load")
        paint = page.evaluate(
            """() => new Promise(done => new PerformanceObserver(list =>
                list.getEntriesByName("first-contentful-paint").forEach(one => done(one.startTime))
            ).observe({type: "paint", buffered: true}))"""
        )
        # `data:` addresses are no request; they are counted with 0 bytes
        counted = [size for size in sizes.values() if size > 0]
        return len(counted), int(sum(counted)), float(paint)
    finally:
        context.close()
