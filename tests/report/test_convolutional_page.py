"""The page about the paper's CIFAR-10 experiments, with few units: images in colour, computed in a real browser."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from browsing import look, press, settle

from adversarial import checkpoint
from adversarial.config import yaml_parse
from adversarial.config.shipped import shipped_folder
from adversarial.datasets import standins
from adversarial.errors import ConfigurationError
from adversarial.game.sampling import Sampler
from adversarial.programs import report
from adversarial.report.live import EXACT

DATA = {"dataset.stop": "40", "algorithm.monitoring_dataset.valid.start": "40",
        "algorithm.monitoring_dataset.valid.stop": "50"}  # fmt: skip
G, D = "model.generator.mlp.layers", "model.discriminator.layers"
SMALL = {
    "cifar10_convolutional": {
        f"{G}.0.dim": "30", f"{G}.1.dim": "400", f"{G}.2.output_space.num_channels": "4",
        f"{D}.0.num_channels": "2", f"{D}.1.num_channels": "2", f"{D}.2.num_channels": "2", f"{D}.3.num_units": "2",
    },
    "cifar10_fully_connected": {
        f"{G}.0.dim": "30", f"{G}.1.dim": "20", f"{D}.0.num_units": "2", f"{D}.1.num_units": "2",
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=[("cifar10_convolutional", "c01b"), ("cifar10_convolutional", "b01c"),
                                        ("cifar10_fully_connected", "")], ids="-".join)  # fmt: skip
def written(request, tmp_path_factory):
    """The name of an experiment, its model and the page about it; biases and kernels are as if it had been trained."""
    name, axes = request.param
    folder = tmp_path_factory.mktemp(name)
    overrides = DATA | SMALL[name]
    if axes:
        overrides |= {f"{G}.2.output_space.axes": str(["b", 0, 1, "c"] if axes == "b01c" else ["c", 0, 1, "b"])}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYLEARN2_DATA_PATH", str(folder))
        standins.cifar10(folder, examples=10)
        path = shipped_folder() / f"{name}.yaml"
        model = yaml_parse.load_path(path, overrides=overrides).model
        rng = np.random.RandomState(0)
        for param in model.generator.get_params():
            param.set_value((param.get_value() + rng.normal(0, 0.2, param.get_value().shape)).astype(param.dtype))
        text = yaml_parse.effective_text(path.read_text(), overrides)
        checkpoint.save_model(folder / "it.pkl", model, yaml_src=text)
        report.main([str(folder / "it.pkl"), str(folder / "it.html"), "--no-estimate"])
    return name, folder / "it.pkl", folder / "it.html"


@pytest.fixture
def shown(browser, written):
    browser.get(written[2].as_uri())
    settle(browser, 600)
    return browser


def test_images_are_the_librarys(shown, written):
    sampler = Sampler(checkpoint.load_model(written[1]))
    z = sampler.draw_noise(20)
    expected = sampler.images_of(z)
    found = shown.execute_script(
        "return arguments[0].map((z) => Array.from(generator.outputOf(Float32Array.from(z))));", z.tolist()
    )
    np.testing.assert_allclose(found, expected, atol=EXACT * max(1.0, np.abs(expected).max()))
    # With three bytes a weight they are a hundred times as near.
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(1.0, np.abs(expected).max()))


def test_pixels_are_shown_in_colour_by_the_rule_that_the_page_states(shown, written):
    """Grey is 0 and white the largest magnitude of the page's samples; contrast is undone in no other way."""
    text = written[2].read_text(encoding="utf-8")
    show = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])["show"]
    sampler = Sampler(checkpoint.load_model(written[1]))
    largest = float(np.abs(sampler.images_of(sampler.draw_noise(100))).max())
    assert (show["black"], show["white"], show["channels"]) == (pytest.approx(-largest), pytest.approx(largest), 3)
    assert f"Grey is 0, white {largest:.3g}, black its negative." in text
    pixels = shown.execute_script(
        "const { tile, show, z } = explorer; return Array.from(paint(generator.outputOf(z), show, tile).data);"
    )
    z = np.array(shown.execute_script("return Array.from(explorer.z);"), dtype=np.float32)
    values = sampler.images_of(z[None]).reshape(3, 32, 32).transpose(1, 2, 0)
    expected = ((values + largest) / (2 * largest)).clip(0, 1) * 255
    found = np.array(pixels).reshape(32, 32, 4)[..., :3]
    assert np.abs(found - expected).max() <= 1
    assert np.ptp(found, axis=2).max() > 20  # Colours, not shades of grey.


@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_live_at_any_width(browser, written, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(written[2].as_uri())
    settle(browser, 600)
    assert browser.execute_script("return document.documentElement.scrollWidth;") == width
    before = [look(browser, each) for each in ("#image", "#map", "#line")]
    press(browser, "#new-sample")
    press(browser, "#new-plane")
    press(browser, "#new-ends")
    settle(browser, 600)
    after = [look(browser, each) for each in ("#image", "#map", "#line")]
    assert all(one != other for one, other in zip(before, after, strict=True))
    convolutional = written[0] == "cifar10_convolutional"
    assert browser.execute_script("return document.querySelector('#opinion') === null;") == convolutional
    assert ("this discriminator is convolutional" in browser.page_source) == convolutional
    assert browser.get_log("browser") == []


def test_a_generator_too_large_for_the_page_says_so_and_the_page_has_the_rest(written):
    name, model, _ = written
    small = model.with_name("small.html")
    report.main([str(model), str(small), "--no-estimate", "--megabytes", "0.01"])
    text = small.read_text(encoding="utf-8")
    weights = {"cifar10_convolutional": "15,300", "cifar10_fully_connected": "65,040"}[name]
    assert f"Not here: this network has {weights} weights, and a page has room for 6,800; report.py" in text
    assert 'id="weights-generator"' not in text and '"figure3":{"picture"' in text


def test_the_size_of_a_page_is_checked():
    for megabytes in ("0", "1000", "nan"):
        with pytest.raises(ConfigurationError, match="--megabytes is"):
            report.main(["it.pkl", "it.html", "--megabytes", megabytes])
