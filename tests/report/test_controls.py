"""Every control of the pages, by mouse, touch and keyboard, on screens of three widths, light and dark."""

from __future__ import annotations

import pytest
from browsing import settle, wait_for_the_game

from adversarial.programs import figure1
from adversarial.report.page import MOST_BYTES

COORDINATES = (
    "const it = document.querySelector('#plane'); it.value = 'coordinates'; it.dispatchEvent(new Event('change'));"
)
#: Before a control is used, so that its use changes something: what is run in the page.
READY = {
    "hold-none": "explorer.holdEach(true);",
    "hold-all": "explorer.holdEach(false);",
    "from-here": "document.querySelector('#new-sample').click();",
    "to-here": "document.querySelector('#new-sample').click();",
    "axis-x": COORDINATES,
    "axis-y": COORDINATES,
    "coordinate": "const it = document.querySelector('#coordinate'); it.value = 0; explorer.showCoordinate();",
    "best": "theory.d.fill(0.5); theory.show();",
    "equal": "theory.model = [0.5, 0.2, 0.1, 0.1, 0.1]; theory.show();",
    "time": "figure1.round(); figure1.keep(); figure1.round(); figure1.keep();",
}
CONTROLS = (
    "nav a, nav button, main button, main select, main input, main summary, main .plot[tabindex], #map, #line, #strip"
)
SWIPE = 220


def controls(browser) -> list[dict]:
    """Return what a person may use: each marked in the page, with its kind.

    To be asked again after a use: a chart that draws another channel is another element.
    """
    return browser.execute_script(
        """
        const all = Array.from(document.querySelectorAll(arguments[0]));
        all.forEach((each, n) => { each.dataset.control = n; });
        return all.filter((each) => each.offsetParent || each.closest('#axes'))
          .map((each) => {
            const classes = Array.from(each.classList);
            const number = Number(each.dataset.control);
            return { number, name: each.id || classes[classes.length - 1] || each.textContent || each.ariaLabel,
                     kind: each.type || (classes.includes('plot') ? 'plot' : each.localName) };
          });
        """,
        CONTROLS,
    )


def seen(browser, number: int) -> str:
    """Return what the section of a control shows, and where the page is."""
    return browser.execute_script(
        """
        const it = document.querySelector(`[data-control="${arguments[0]}"]`);
        const section = it.closest('section') || document.querySelector('header');
        const all = (selector, what) => Array.from(section.querySelectorAll(selector), what).join();
        const place = it.closest('nav') ? [scrollY, location.hash, document.documentElement.className].join() : '';
        const said = section.querySelectorAll('dd, .reading b, output, .note, p');
        const words = Array.from(said, (each) => each.textContent);
        return [place, words.filter((each) => !each.endsWith(' ms')).join(),
                all('input, select', (each) => `${each.value} ${each.checked}`), all('details', (each) => each.open),
                all('button', (each) => `${each.textContent} ${each.ariaPressed}`),
                all('canvas', (each) => each.toDataURL())].join('|');
        """,
        number,
    )


def touch(browser, x: float, y: float, moves=()) -> None:
    """Put a finger down, move it, and lift it."""
    for kind, points in (("touchStart", [(x, y)]), *(("touchMove", [place]) for place in moves), ("touchEnd", [])):
        places = [{"x": a, "y": b} for a, b in points]
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})


def mouse(browser, x: float, y: float) -> None:
    """Click at a place, coming from beside it."""
    for kind, buttons, way in (
        ("mouseMoved", 0, -9),
        ("mouseMoved", 0, 0),
        ("mousePressed", 1, 0),
        ("mouseReleased", 0, 0),
    ):
        event = {"type": kind, "x": x + way, "y": y, "button": "left" if kind != "mouseMoved" else "none",
                 "buttons": buttons, "clickCount": int(kind != "mouseMoved")}  # fmt: skip
        browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)


def use(browser, control: dict, way: str) -> None:
    """Use a control as a person does."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    kind = control["kind"]
    left, top, width, height, low = browser.execute_script(
        """
        const it = document.querySelector(`[data-control="${arguments[0]}"]`);
        it.scrollIntoView({ behavior: 'instant', block: 'center' });
        const box = it.getBoundingClientRect();
        const share = it.type === 'range' ? (it.value - it.min) / (it.max - it.min) : 0;
        return [box.left, box.top, box.width, box.height, share < 0.5];
        """,
        control["number"],
    )
    if way == "keyboard":
        browser.execute_script(
            "document.querySelector(`[data-control='${arguments[0]}']`).focus({ focusVisible: true });",
            control["number"],
        )
    else:
        # A place that is not the middle: there a slider may be already, and the map's handle is.
        across = 0.8 if low else 0.2
        x, y = left + width * (across if kind in ("range", "canvas", "plot") else 0.5), top + height * 0.5
        (touch if way == "touch" else mouse)(browser, x, y)
    if kind in ("select-one", "number"):
        first = browser.execute_script("return document.activeElement.selectedIndex !== 1;")
        keys = [Keys.ARROW_UP if kind == "number" or not first else Keys.ARROW_DOWN]
        if kind == "select-one" and way != "keyboard":
            keys.append(Keys.ENTER)  # Its list, which the system draws outside the page, is open.
    elif way != "keyboard":
        keys = []
    elif kind in ("range", "plot", "canvas"):
        keys = [Keys.ARROW_RIGHT if low and kind != "plot" else Keys.ARROW_LEFT]
    else:
        keys = [Keys.SPACE if kind == "checkbox" else Keys.ENTER]
    if keys:
        ActionChains(browser).send_keys(*keys).perform()
    settle(browser, 40)


def show(browser, path, width: int, scheme: str, touching: bool) -> None:
    """Open a page on a screen of its own kind."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": touching}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touching})
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(path.as_uri())
    settle(browser)


@pytest.fixture
def fingers(browser):
    """Whatever a test sets of the screen is undone after it."""
    yield
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.soak
@pytest.mark.parametrize("way", ["touch", "mouse", "keyboard"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
@pytest.mark.parametrize("name", ["lecture.html", "it.html"])
def test_every_control_does_something(browser, run, fingers, name, width, scheme, way):
    path = run / name
    if not path.exists():
        figure1.main(["--html", str(path)])
    assert path.stat().st_size < MOST_BYTES
    show(browser, path, width, scheme, way == "touch")
    found = controls(browser)
    idle = []
    for control in found:
        if control["name"] in ("line", "strip") and way == "keyboard":
            continue  # The sliders and the number below each are its keyboard.
        browser.execute_script(READY.get(control["name"], ""))
        settle(browser, 20)
        before = seen(browser, control["number"])
        use(browser, control, way)
        wait_for_moments(browser)
        if seen(browser, control["number"]) == before:
            idle.append((control["kind"], control["name"]))
        if control["name"] == "projector":
            browser.execute_script("document.querySelector('#projector').click();")
        controls(browser)
    assert idle == []
    assert len(found) > (25 if name == "lecture.html" else 60)
    assert browser.get_log("browser") == []


def wait_for_moments(browser) -> None:
    """End a game that was begun without an end; wait for one that has an end."""
    browser.execute_script("if (figure1.working && !figure1.guide) figure1.stop();")
    wait_for_the_game(browser)


@pytest.mark.parametrize("name", ["lecture.html", pytest.param("it.html", marks=pytest.mark.soak)])
def test_a_swipe_from_the_middle_of_any_picture_scrolls_or_moves_its_control(browser, run, fingers, name):
    path = run / name
    if not path.exists():
        figure1.main(["--html", str(path)])
    show(browser, path, 390, "light", True)
    pictures = browser.execute_script(
        "return Array.from(document.querySelectorAll('canvas, .u-over, main img')).filter((each) => each.offsetParent)"
        ".map((each, n) => { each.dataset.control = n; return each.id || each.className; });"
    )
    assert pictures
    trapped = []
    for number, picture in enumerate(pictures):
        x, y, before, way = browser.execute_script(
            """
            const it = document.querySelector(`[data-control="${arguments[0]}"]`);
            it.scrollIntoView({ behavior: 'instant', block: 'center' });
            const box = it.getBoundingClientRect();
            // Up where there is page enough below, or else down.
            const below = document.documentElement.scrollHeight - innerHeight - scrollY;
            return [box.left + Math.min(box.width / 2, 190), box.top + box.height / 2, scrollY, below > 200 ? -1 : 1];
            """,
            number,
        )
        shown = seen(browser, number)
        touch(browser, x, y, [(x, y + way * SWIPE * step / 11) for step in range(1, 12)])
        settle(browser)
        scrolled = abs(browser.execute_script("return scrollY;") - before)
        if scrolled < 150 and seen(browser, number) == shown:
            trapped.append((picture, scrolled))
    assert trapped == []


def test_a_swipe_to_the_side_turns_over_in_projector_mode(browser, run, fingers):
    path = run / "lecture.html"
    if not path.exists():
        figure1.main(["--html", str(path)])
    show(browser, path, 390, "light", True)
    browser.execute_script("document.querySelector('#projector').click();")
    settle(browser)

    def swipe(way: int) -> str:
        touch(browser, 195, 60, [(195 + way * 15 * step, 60) for step in range(1, 9)])
        settle(browser)
        return browser.execute_script("return document.querySelector('.slide').id;")

    assert [swipe(-1), swipe(-1), swipe(1), swipe(1)] == ["figure1", "theory", "figure1", ""]
    assert swipe(-1) == "figure1"
    box = browser.execute_script(
        "const it = document.querySelector('#figure1 .plot');"
        "it.scrollIntoView({ block: 'center', behavior: 'instant' });"
        "const box = it.getBoundingClientRect(); return [box.left + 250, box.top + box.height / 2];"
    )
    touch(browser, *box, [(box[0] - 15 * step, box[1]) for step in range(1, 9)])
    settle(browser)
    assert browser.execute_script("return document.querySelector('.slide').id;") == "theory"
