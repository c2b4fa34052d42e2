"""The page about a trained model: whole by itself, and, in a real browser, alive."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import conditional_games
import numpy as np
import pytensor.tensor as pt
import pytest
from browsing import EPOCHS, look, press, put, settle
from evaluation import evaluate

from adversarial import checkpoint
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.game.all_conditionals import AllConditionalsPair, CompletingGenerator
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.masks import Masks
from adversarial.game.sampling import Sampler
from adversarial.models.linear import RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.programs import figure1, report
from adversarial.report.model_page import MOST_EPOCHS
from adversarial.report.page import MOST_BYTES, Page, fill
from adversarial.space import VectorSpace

DATA = re.compile(r'id="data">(.*?)</script>', re.DOTALL)


def test_the_page_needs_nothing_beside_it(run):
    text = (run / "it.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)|@import|url\((?!data:)|fetch\(|XMLHttpRequest""", text)
    assert "{{" not in re.sub(r"<pre>.*?</pre>|<script.*?</script>", "", text, flags=re.DOTALL)
    assert "12.5 ± 0.2" in text and "225 ± 2" in text


def test_its_data_is_json_that_ends_no_script(run):
    text = (run / "it.html").read_text(encoding="utf-8")
    data = json.loads(DATA.search(text)[1])
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


def test_a_page_of_many_epochs_stays_small_and_says_how_many_it_shows(run, tmp_path):
    content = checkpoint.read(run / "it.pkl")
    paths = [tmp_path / f"copy{epoch}.pkl" for epoch in range(MOST_EPOCHS + 20)]
    for epoch, path in enumerate(paths):
        checkpoint.write(path, content | {"monitor": content["monitor"] | {"epochs_seen": 1000 + epoch}})

    def written(most: float = MOST_BYTES) -> tuple[int, str, list[dict]]:
        given = ["--no-estimate", f"--megabytes={most / 1e6}", "--epochs", *map(str, paths)]
        report.main([str(run / "it.pkl"), str(tmp_path / "many.html"), *given])
        text = (tmp_path / "many.html").read_text(encoding="utf-8")
        return len(text.encode()), text, json.loads(DATA.search(text)[1])["epochs"]["frames"]

    size, text, frames = written()
    # The model's own epoch, 3, is the first of them.
    assert len(frames) == MOST_EPOCHS + 1
    assert f"{len(paths) + 1} epochs were kept; the page shows {len(frames)} of them, evenly spaced" in text
    most = size - sum(len(frame["picture"]) for frame in frames) // 2
    size, text, fewer = written(most)
    assert size <= most and MOST_EPOCHS / 3 < len(fewer) < MOST_EPOCHS / 2 + 2
    ends = [3, 1000 + len(paths) - 1]
    assert [fewer[0]["epoch"], fewer[-1]["epoch"]] == [frames[0]["epoch"], frames[-1]["epoch"]] == ends
    assert f"the page shows {len(fewer)} of them" in text
    _, text, fewest = written(1)
    assert [frame["epoch"] for frame in fewest] == ends


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


@pytest.mark.parametrize("width", [390, 1280, 1920])
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
        "return arguments[0].map((z) => Array.from(generator.outputOf(Float32Array.from(z))));", z.tolist()
    )
    np.testing.assert_allclose(found, sampler.images_of(z), atol=1e-5)


def test_the_live_conditional_generator_is_the_librarys_under_each_condition(browser, tmp_path):
    model = conditional_games.pair(monitor_discriminator=False)
    model.image_shape = (2, 3, 1)
    text = "!obj:adversarial.train.Train { model: !obj:adversarial.AdversaryPair { generator: "
    text += "!obj:adversarial.Generator { mlp: !obj:adversarial.models.mlp.MLP { layers: [] } } } }"
    checkpoint.save_model(tmp_path / "classes.pkl", model, yaml_src=text)
    report.main([str(tmp_path / "classes.pkl"), str(tmp_path / "classes.html"), "--no-estimate"])
    browser.get((tmp_path / "classes.html").as_uri())
    settle(browser)
    sampler = Sampler(model)
    pictures = []
    for number in (1, 3, 0):
        press(browser, f"#conditions [value='{number}']")
        settle(browser)
        pictures.append((look(browser, "#image"), look(browser, "#line"), look(browser, "#map")))
        z = np.array(browser.execute_script("return Array.from(explorer.z);"), dtype=np.float32)
        found = browser.execute_script("return Array.from(generator.outputOf(explorer.z));")
        expected = sampler.images_of(z[None], sampler.centres[[number]])
        np.testing.assert_allclose([found], expected, atol=1e-5)
    for shown in zip(*pictures, strict=True):
        assert len(set(shown)) == 3
    assert browser.get_log("browser") == []


def test_a_mask_is_painted_and_the_generator_completes_what_is_left(browser, tmp_path, monkeypatch):
    from selenium.webdriver.common.action_chains import ActionChains

    monkeypatch.chdir(tmp_path)
    image, sides = VectorSpace(36), [RectifiedLinear(layer_name=name, dim=3, irange=0.1) for name in "xm"]
    parts = [MLP([layer], layer_name=f"of_{layer.layer_name}") for layer in sides]
    joint = MLP([Sigmoid(layer_name="d", dim=1, irange=0.1)], layer_name="joint")
    judge = ConditionalDiscriminator(*parts, joint, image, image)
    layers = [RectifiedLinear(layer_name="h", dim=9, irange=0.7), Sigmoid(layer_name="y", dim=36, irange=0.7)]
    mlp = MLP(layers)
    model = AllConditionalsPair(CompletingGenerator(mlp, 36, noise_dim=4), judge, Masks(6, 6))
    np.save("data.npy", np.random.default_rng(0).integers(0, 256, (5, 36)) / 255)
    data = "!obj:adversarial.datasets.npy_npz.NpyDataset { file: 'data.npy' }"
    text = f"!obj:adversarial.train.Train {{ dataset: {data}, model: !obj:adversarial.AdversaryPair {{ generator: "
    text += "!obj:adversarial.Generator { mlp: !obj:adversarial.models.mlp.MLP { layers: [] } } } }"
    checkpoint.save_model("all.pkl", model, yaml_src=text, dataset_yaml_src=data)
    report.main(["all.pkl", "all.html", "--no-estimate"])
    browser.get((tmp_path / "all.html").as_uri())
    settle(browser)

    def shown() -> tuple[np.ndarray, ...]:
        state = browser.execute_script(
            "const p = painter; const z = p.noise[0];"
            "return [p.image, p.visible, z, p.completed(z)].map((each) => Array.from(each));"
        )
        return tuple(np.array(each) for each in state)

    ring = ["#hidden", "#completed", "#completions"]
    for choice, hidden in (("right", 18), ("all", 36), ("nothing", 0), ("bottom", 18)):
        put(browser, "#hide", choice, "change")
        seen, visible, z, completed = shown()
        assert (visible == 0).sum() == hidden
        np.testing.assert_array_equal(completed[visible == 1], seen[visible == 1])
        given = np.concatenate([seen * visible, visible])[None].astype(np.float32)
        made = Sampler(model).images_of(z[None].astype(np.float32), given)[0]
        np.testing.assert_allclose(completed[visible == 0], made[visible == 0], atol=1e-5)
    before = [look(browser, each) for each in ring]
    press(browser, "#new-completions")
    settle(browser)
    after = [look(browser, each) for each in ring]
    assert before[0] == after[0] and before[1] != after[1] and before[2] != after[2]
    put(browser, "#hide", "nothing", "change")
    canvas = browser.find_element("id", "hidden")
    ActionChains(browser).move_to_element(canvas).click_and_hold().move_by_offset(60, 0).release().perform()
    settle(browser)
    painted = (shown()[1] == 0).sum()
    assert 3 <= painted < 18
    canvas.send_keys("\ue013")  # The arrow key up.
    settle(browser)
    assert (shown()[1] == 0).sum() > painted
    first = shown()[0]
    press(browser, "#next-image")
    settle(browser)
    assert not np.array_equal(shown()[0], first)
    # The live generator itself draws as before, with nothing visible.
    z = np.array(browser.execute_script("return Array.from(explorer.z);"), dtype=np.float32)
    found = browser.execute_script("return Array.from(generator.outputOf(explorer.z));")
    np.testing.assert_allclose([found], Sampler(model).images_of(z[None]), atol=1e-5)
    assert browser.get_log("browser") == []


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
    told = page.execute_script("return document.querySelectorAll('#any-channel .reading b')[1].textContent;")
    assert re.fullmatch(r"-?[\d.]+", told)


def test_the_last_values_are_told_at_rest(page):
    told = page.execute_script("return Array.from(document.querySelectorAll('.reading'), (each) => each.textContent);")
    assert len(told) >= 6 and all(re.search(r"epochs 3|width of the Gaussians 0.4", each) for each in told)


def test_a_chart_is_read_by_the_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    box = page.find_element("css selector", "#any-channel .plot")
    assert box.get_attribute("aria-valuetext").startswith("epochs 3,")
    box.send_keys(Keys.HOME)
    assert box.get_attribute("aria-valuetext").startswith("epochs 0,")
    box.send_keys(Keys.ARROW_RIGHT)
    assert box.get_attribute("aria-valuetext").startswith("epochs 1,")


def test_no_two_marks_of_an_axis_look_alike(page):
    marks = page.execute_script("return [marked([0.1, 0.099995, null, 0.09999]), marked([0, 0.5, 1])];")
    assert marks == [["0.1", "0.099995", "", "0.09999"], ["0", "0.5", "1"]]


def test_d_says_what_it_thinks_of_the_image(page, run):
    model = checkpoint.load_model(run / "it.pkl")
    images = np.random.RandomState(0).uniform(0, 1, (5, model.discriminator.get_input_space().dim)).astype("float32")
    found = page.execute_script(
        "return arguments[0].map((x) => discriminator.outputOf(Float32Array.from(x))[0]);", images.tolist()
    )
    expected = evaluate(model.discriminator.fprop(pt.as_tensor_variable(images)))[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert re.search(r"D says: [\d.]+ % data", page.find_element("id", "opinion-said").text)


def test_a_new_sample_takes_the_handle_off_the_map(page):
    page.execute_script("document.querySelector('#new-sample').click();")
    settle(page)
    assert page.find_element("id", "off-plane").is_displayed()
    put(page, "#plane", "random", "change")
    assert not page.find_element("id", "off-plane").is_displayed()


def test_on_a_projector_each_chart_has_a_screen(page):
    def seen():
        return page.execute_script(
            "const seen = (what) => Array.from(document.querySelectorAll(what)).filter((each) => each.offsetParent);"
            "return [seen('section').map((each) => each.id).join(), seen('.charts > figure, .card').length,"
            "        seen('.slide .chart .plot').every((each) => each.querySelector('canvas').width > 300)];"
        )

    press(page, "#projector")
    screens = []
    for _ in range(page.execute_script("return projector.slides.length;")):
        settle(page, 30)
        screens.append(seen())
        page.execute_script(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'PageDown', bubbles: true }));"
        )
    press(page, "#projector")
    assert all(count <= 1 and drawn for _, count, drawn in screens)
    assert [sum(name == section for name, *_ in screens) for section in ("live", "figure2", "curves")] == [3, 1, 7]


# Under a thumb, and by ear.

PICTURES = ["#map", "#image", "#line", "#strip", "#any-channel .u-over", "#figure1 .plot", "#figure1 .history",
            "#theory canvas", "#figure2 canvas", "#figure3 canvas", "#epochs canvas"]  # fmt: skip


def test_a_swipe_that_begins_on_a_picture_scrolls(browser, run):
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        browser.get((run / "it.html").as_uri())
        settle(browser)
        for selector in PICTURES:
            # A place near the picture's corner: the map's handle is in its middle, and moves with the thumb.
            x, y, before = browser.execute_script(
                "const it = document.querySelector(arguments[0]);"
                "it.scrollIntoView({ behavior: 'instant', block: 'center' });"
                "const box = it.getBoundingClientRect();"
                "return [box.left + 12, box.top + Math.min(20, box.height / 2), scrollY];",
                selector,
            )
            for kind, way in [("touchStart", 0), *(("touchMove", -20 * step) for step in range(1, 12))]:
                where = {"type": kind, "touchPoints": [{"x": x, "y": y + way}]}
                browser.execute_cdp_cmd("Input.dispatchTouchEvent", where)
            browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            settle(browser)
            after = browser.execute_script("return scrollY;")
            at_the_end = browser.execute_script(
                "return scrollY + innerHeight >= document.documentElement.scrollHeight - 1;"
            )
            assert after - before >= 150 or at_the_end, selector
    finally:
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_every_canvas_has_a_name(page):
    nameless = page.execute_script(
        "return Array.from(document.querySelectorAll('canvas'))"
        ".filter((each) => !each.getAttribute('aria-label') || !each.getAttribute('role'))"
        ".map((each) => each.outerHTML);"
    )
    assert nameless == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "projected"),
    [
        ("it.html", False),
        ("lecture.html", False),
        ("lecture.html", True),
        pytest.param("it.html", True, marks=pytest.mark.soak),
    ],
)
def test_axe_finds_no_violation(browser, run, name, projected, scheme):
    # Only its copy of axe-core, a file, is used: no Playwright.
    package = importlib.util.find_spec("axe_playwright_python")
    if package is None:
        pytest.skip("axe-playwright-python is not installed")
    axe = (Path(package.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    if name == "lecture.html":
        figure1.main(["--html", str(run / name)])
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get((run / name).as_uri())
    settle(browser)
    browser.execute_script(axe)
    slides = 1
    if projected:
        press(browser, "#projector")
        slides = browser.execute_script("return projector.slides.length;")
    for _ in range(slides):
        found = browser.execute_async_script(
            "const done = arguments[0]; axe.run().then((found) => done(found.violations));"
        )
        assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found] == []
        browser.execute_script(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'PageDown', bubbles: true }));"
        )
        settle(browser)


def test_any_channel_can_be_drawn(page):
    before = look(page, "#any-channel canvas")
    put(page, "#curves select", "learning_rate", "change")
    assert look(page, "#any-channel canvas") != before
    assert page.get_log("browser") == []
