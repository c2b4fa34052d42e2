"""The page about a trained model: whole by itself, and, in a real browser, alive."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.checkpoint.paths import epoch_path
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.evaluation import estimates
from adversarial.game.sampling import Sampler
from adversarial.programs import report
from adversarial.report.page import Page, fill

EPOCHS = (0, 1, 2)


@pytest.fixture(scope="module")
def run(request, tmp_path_factory):
    """A small trained model with copies of three epochs, and the page about it."""
    recipe = request.path.parents[1] / "golden2014" / "trajectories" / "mnist_recipe"
    folder = tmp_path_factory.mktemp("run")
    model = folder / "it.pkl"
    checkpoint.convert_2014(shutil.copy(recipe / "model_2014.pkl.gz", folder), model)
    shutil.copy(recipe / "data.npz", folder)
    content = checkpoint.read(model)
    rng = np.random.RandomState(0)
    for epoch in EPOCHS:
        values = {
            name: value + rng.normal(0, 0.5, value.shape).astype(value.dtype)
            for name, value in content["parameters"].items()
        }
        monitor = content["monitor"] | {"epochs_seen": epoch}
        checkpoint.write(epoch_path(model, epoch), content | {"parameters": values, "monitor": monitor})
    curve = [{"sigma": sigma, "mean": -sigma, "standard_error": 0.1} for sigma in (0.1, 0.2, 0.4)]
    estimate = {"log_likelihood": 12.5, "standard_error": 0.25, "sigma": 0.1, "curve": curve,
                "counts": {"samples": 9, "valid": 5}, "model": estimates.identity(content)}  # fmt: skip
    estimates.path_beside(model).write_text(json.dumps(estimate))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        report.main([str(model), str(folder / "it.html")])
    return folder


def test_the_page_needs_nothing_beside_it(run):
    text = (run / "it.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)|@import|url\((?!data:)|fetch\(|XMLHttpRequest""", text)
    assert "{{" not in re.sub(r"<pre>.*?</pre>|<script.*?</script>", "", text, flags=re.DOTALL)
    assert "12.5 ± 0.2" in text and "225 ± 2" in text


def test_its_data_is_json_that_ends_no_script(run):
    text = (run / "it.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    assert [frame["epoch"] for frame in data["epochs"]["frames"]] == [*EPOCHS, 3]
    assert (data["figure2"]["columns"], data["figure2"]["framed"]) == (6, [5, 11, 17, 23])
    assert [group["title"] for group in data["curves"]["groups"]][0] == "What the players minimise"
    hostile = Page("</script><b>", "&", sections=dict.fromkeys(
        ("live", "epochs", "figure2", "figure3", "curves", "results", "comparison", "origin"), ""),
        data={"x": "</script><script>alert(1)</script>"}).html()  # fmt: skip
    assert "alert(1)</script>" not in hostile and "<title>&lt;/script&gt;" in hostile


def test_fill_puts_values_in_once():
    assert fill("{{a}} {{b}}", {"a": "{{b}}", "b": "2"}) == "{{b}} 2"


def test_an_epoch_of_another_model_is_refused(run, tmp_path):
    content = checkpoint.read(run / "it.pkl")
    wrong = {name: np.zeros((2, 2), value.dtype) for name, value in content["parameters"].items()}
    checkpoint.write(
        tmp_path / "other.pkl", content | {"parameters": wrong, "monitor": content["monitor"] | {"epochs_seen": 1}}
    )
    with pytest.raises(CheckpointError, match="another model"):
        report.main([str(run / "it.pkl"), str(tmp_path / "x.html"), "--epochs", str(tmp_path / "other.pkl")])


def test_a_model_without_record_or_data_says_what_is_missing(run, tmp_path, monkeypatch):
    model = checkpoint.load_model(run / "it.pkl")
    del model.monitor
    checkpoint.save_model(tmp_path / "bare.pkl", model)
    monkeypatch.chdir(tmp_path)
    report.main(["bare.pkl", "bare.html"])
    text = (tmp_path / "bare.html").read_text(encoding="utf-8")
    for sentence in ("The training data are needed for this", "no record of two epochs", "does not say after how many"):
        assert sentence in text
    assert "not measured" in text


def test_the_name_of_the_page(run):
    with pytest.raises(ConfigurationError, match=r"end its name, it\.pdf, in \.html"):
        report.main([str(run / "it.pkl"), "it.pdf"])


# In a browser.


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless Chromium that reaches no network."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    if not program or not driver:
        pytest.skip("no chromium with chromedriver is installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync",
                 "disable-background-networking", "disable-component-update", "hide-scrollbars",
                 f"user-data-dir={tmp_path_factory.mktemp('profile')}"):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    found.execute_cdp_cmd("Network.enable", {})
    found.execute_cdp_cmd("Network.emulateNetworkConditions",
                          {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0})  # fmt: skip
    found.set_script_timeout(20)
    yield found
    found.quit()


@pytest.fixture
def page(browser, run):
    browser.get((run / "it.html").as_uri())
    settle(browser)
    return browser


def settle(browser) -> None:
    """Wait until what events asked for is drawn."""
    browser.execute_async_script("const done = arguments[0]; setTimeout(() => requestAnimationFrame(done), 150);")


def look(browser, selector: str) -> str:
    """What a canvas shows."""
    return browser.execute_script("return document.querySelector(arguments[0]).toDataURL();", selector)


def put(browser, selector: str, value: float, event: str = "input") -> None:
    browser.execute_script(
        "const it = document.querySelector(arguments[0]);"
        "it.value = arguments[1]; it.dispatchEvent(new Event(arguments[2]));",
        selector, value, event,
    )  # fmt: skip
    settle(browser)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_from_disk_at_any_width_in_light_and_dark(browser, run, width, scheme):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get((run / "it.html").as_uri())
    settle(browser)
    assert browser.get_log("browser") == []
    assert browser.execute_script("return document.documentElement.scrollWidth;") == width
    assert browser.execute_script("return document.querySelectorAll('.uplot canvas').length;") >= 6
    dark = browser.execute_script("return getComputedStyle(document.body).backgroundColor;") == "rgb(20, 22, 26)"
    assert dark == (scheme == "dark")


def test_the_live_generators_images_are_the_librarys(page, run):
    sampler = Sampler(checkpoint.load_model(run / "it.pkl"))
    z = sampler.draw_noise(20)
    found = page.execute_script(
        "return arguments[0].map((z) => Array.from(generator.imageOf(Float32Array.from(z))));", z.tolist()
    )
    np.testing.assert_allclose(found, sampler.images_of(z), atol=1e-5)


def test_the_epoch_slider_changes_the_sheet(page):
    sheets = []
    for number in range(len(EPOCHS) + 1):
        put(page, "#epochs input", number)
        sheets.append(look(page, "#epochs canvas"))
    assert len(set(sheets)) == len(sheets)
    put(page, "#epochs input", 0)
    assert page.execute_script("return document.querySelector('#epochs output').textContent;") == "before training"


def test_dragging_over_the_map_changes_the_image(page):
    from selenium.webdriver.common.action_chains import ActionChains

    for plane in ("corners", "random", "coordinates"):
        put(page, "#plane", plane, "change")
        before = look(page, "#image")
        handle = page.find_element("id", "map")
        ActionChains(page).move_to_element(handle).click_and_hold().move_by_offset(70, 40).release().perform()
        settle(page)
        assert look(page, "#image") != before, plane


def test_held_coordinates_stay_and_the_others_are_drawn_anew(page):
    page.execute_script("explorer.held[2] = explorer.held[4] = true;")
    before = page.execute_script("return Array.from(explorer.z);")
    picture = look(page, "#image")
    page.execute_script("document.querySelector('#new-sample').click();")
    settle(page)
    after = page.execute_script("return Array.from(explorer.z);")
    assert [number for number, (a, b) in enumerate(zip(before, after, strict=True)) if a == b] == [2, 4]
    assert look(page, "#image") != picture


def test_the_line_runs_from_one_sample_to_the_other(page):
    ends = page.execute_script("return explorer.ends.map((z) => Array.from(z));")
    for place, expected in ((0, ends[0]), (1, ends[1]), (0.5, (np.array(ends[0]) + ends[1]) / 2)):
        put(page, "#between", place)
        np.testing.assert_allclose(page.execute_script("return Array.from(explorer.z);"), expected, atol=1e-6)


def test_a_coordinate_is_moved_by_its_slider(page):
    put(page, "#coordinate", 3)
    picture = look(page, "#image")
    put(page, "#value", -1.5)
    assert page.execute_script("return explorer.z[3];") == -1.5
    assert look(page, "#image") != picture


def test_a_chart_zooms_by_dragging_and_shows_all_again_by_a_double_click(page):
    from selenium.webdriver.common.action_chains import ActionChains

    canvas, over = "#any-channel canvas", page.find_element("css selector", "#any-channel .u-over")
    page.execute_script("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'});", over)
    whole = look(page, canvas)
    ActionChains(page).move_to_element_with_offset(over, -30, 0).click_and_hold().move_by_offset(
        60, 0
    ).release().perform()
    settle(page)
    assert look(page, canvas) != whole
    ActionChains(page).double_click(over).perform()
    settle(page)
    assert look(page, canvas) == whole


def test_the_values_under_the_pointer_are_told(page):
    from selenium.webdriver.common.action_chains import ActionChains

    over = page.find_element("css selector", "#any-channel .u-over")
    page.execute_script("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'});", over)
    ActionChains(page).move_to_element(over).perform()
    settle(page)
    told = page.execute_script("return document.querySelectorAll('#any-channel .u-value')[1].textContent;")
    assert re.fullmatch(r"-?[\d.]+", told)


def test_any_channel_can_be_drawn(page):
    before = look(page, "#any-channel canvas")
    put(page, "#curves select", "learning_rate", "change")
    assert look(page, "#any-channel canvas") != before
    assert page.get_log("browser") == []
