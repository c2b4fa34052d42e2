"""A trained model's page, the page for a lecture, and a browser that shows them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from browsing import EPOCHS, settle

from adversarial import checkpoint
from adversarial.checkpoint.paths import epoch_path
from adversarial.evaluation import estimates
from adversarial.programs import figure1, report


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
    found.set_script_timeout(120)  # A game of 8,000 rounds on a busy machine.
    yield found
    found.quit()


@pytest.fixture
def page(browser, run):
    browser.get((run / "it.html").as_uri())
    settle(browser)
    return browser


@pytest.fixture
def lecture(browser, tmp_path):
    figure1.main(["--html", str(tmp_path / "lecture.html")])
    browser.get((tmp_path / "lecture.html").as_uri())
    settle(browser)
    yield browser
    assert browser.get_log("browser") == []
