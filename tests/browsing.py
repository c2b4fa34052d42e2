"""What tests of pages do in a browser."""

from __future__ import annotations

#: Of the model's copies, apart from the last.
EPOCHS = (0, 1, 2)


def settle(browser, wait: int = 150) -> None:
    """Wait, some milliseconds, until what events asked for is drawn."""
    browser.execute_async_script(
        "const [wait, done] = arguments; setTimeout(() => requestAnimationFrame(done), wait);", wait
    )


def look(browser, selector: str) -> str:
    """What a canvas shows."""
    return browser.execute_script("return document.querySelector(arguments[0]).toDataURL();", selector)


def press(browser, selector: str) -> None:
    browser.execute_script("document.querySelector(arguments[0]).click();", selector)


def put(browser, selector: str, value: float, event: str = "input") -> None:
    browser.execute_script(
        "const it = document.querySelector(arguments[0]);"
        "it.value = arguments[1]; it.dispatchEvent(new Event(arguments[2]));",
        selector, value, event,
    )  # fmt: skip
    settle(browser)


def wait_for_the_game(browser) -> None:
    """Wait until the game on the line has come to where it was sent."""
    browser.execute_async_script(
        "const done = arguments[0]; const look = () => (figure1.working ? setTimeout(look, 20) : done()); look();"
    )
    settle(browser, 20)
