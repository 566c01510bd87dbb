"""Takes pictures of the built site: `python -m tests.browser.screenshots FOLDER`.

Home and convolution, in both themes, on a desk and on a phone. The README shows one of them,
docs/images/convolution.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.browser.server import launched, served
from tests.browser.support import DESK, PHONE, go, opened

BELOW_THE_HEADER = "(node) => scrollBy(0, node.getBoundingClientRect().top - 70)"
PAGES = {"home": ("", "digit-canvas"), "convolution": ("learn/convolution/", "step-player")}


def main() -> None:
    """Write the pictures into a folder."""
    parser = argparse.ArgumentParser(description="Take pictures of the built site.")
    parser.add_argument("folder", type=Path, help="where to write them")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with launched() as browser, served() as site:
        for scheme in ("light", "dark"):
            for width, viewport in (("desk", DESK), ("phone", PHONE)):
                with opened(browser, site, viewport=viewport, color_scheme=scheme) as (page, _):
                    for name, (address, widget) in PAGES.items():
                        go(page, address)
                        if name == "convolution":
                            page.locator(f"{widget} .forward").first.click(click_count=2)
                            page.locator(widget).first.evaluate(BELOW_THE_HEADER)
                        page.screenshot(path=folder / f"{name}-{scheme}-{width}.png")


if __name__ == "__main__":
    main()
