"""The page for a lecture: the game on the line and the theory, which the page about a model has too."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from browsing import press, put, settle, wait_for_the_game

from adversarial.game.one_dimensional import FAR, NEAR, SETTINGS, TITLES
from adversarial.report.page import text_of


def test_the_game_played_in_the_page_converges(lecture):
    distance, value, ordered = lecture.execute_script(
        "for (let n = 0; n < 8000; n++) figure1.round();"
        "figure1.keep();"
        "const { distance, value, arrows } = figure1.shown.seen;"
        "return [distance, value, arrows.every(([, x], n) => !n || x > arrows[n - 1][1])];"
    )
    assert distance < 0.06 and ordered
    assert value == pytest.approx(-np.log(4), abs=0.02)


def test_its_controls(lecture):
    def rounds():
        return lecture.execute_script("return figure1.game.rounds;")

    press(lecture, "#figure1 .once")
    assert rounds() == 1
    press(lecture, "#figure1 .play")
    settle(lecture)
    press(lecture, "#figure1 .play")
    played = rounds()
    assert played > 1
    settle(lecture)
    assert rounds() == played
    put(lecture, "#figure1 .time", 0)
    assert lecture.find_element("css selector", "#figure1 .rounds").text == "0"
    put(lecture, "#figure1 select.data", "two", "change")
    assert rounds() == 0
    assert lecture.execute_script("return figure1.game.density(-2) > 5 * figure1.game.density(0);")


@pytest.mark.soak
def test_the_moments_show_what_figure_1_does(lecture):
    buttons = lecture.find_elements("css selector", "#figure1 .moments button")
    assert [button.text[4:] for button in buttons] == list(TITLES)
    # The last first: the game is played up to it, and the others are there at once.
    for number in (3, 0, 1, 2):
        press(lecture, f"#figure1 .moments button:nth-child({number + 1})")
        wait_for_the_game(lecture)
        assert [button.get_attribute("aria-pressed") == "true" for button in buttons] == [n == number for n in range(4)]
    distances, off, rounds = lecture.execute_script(
        "const off = ({ seen }) => seen.x.reduce((sum, _, n) =>"
        "  sum + (seen.data[n] + seen.model[n]) * Math.abs(seen.verdict[n] - seen.best[n]), 0) * 0.05 / 2;"
        "const { moments } = figure1;"
        "return [moments.map((each) => each.seen.distance), moments.map(off), moments.map((each) => each.rounds)];"
    )
    assert NEAR < distances[0] == distances[1] <= FAR and distances[2] <= NEAR and distances[3] < 0.06
    assert off[1] < 0.1 and off[1] < off[0]
    assert rounds[0] == rounds[1] < rounds[2] < rounds[3] == SETTINGS["updates"]
    press(lecture, "#figure1 .once")
    assert all(button.get_attribute("aria-pressed") == "false" for button in buttons)


def test_a_moment_that_does_not_come_is_said(lecture):
    lecture.execute_script("figure1.settings.updates = 5;")
    press(lecture, "#figure1 .moments button:nth-child(4)")
    wait_for_the_game(lecture)
    told = lecture.find_element("css selector", "#figure1 .said").text
    assert told.startswith("(d) does not come in this game: after 5 rounds")


def test_log_one_minus_d_saturates_where_g_is_far_away(lecture):
    put(lecture, "#figure1 select.start", "far", "change")
    press(lecture, "#figure1 .alone")
    wait_for_the_game(lecture)
    pulls = lecture.execute_script("return figure1.shown.seen.pulls;")
    assert pulls[1] < 0.1 * pulls[0]


def test_proposition_1_and_theorem_1_in_the_page(lecture):
    model = np.random.RandomState(0).dirichlet(np.ones(5), 2)
    found = lecture.execute_script(
        "[theory.data, theory.model] = arguments[0]; theory.show();"
        "document.querySelector('#theory button.best').click();"
        "const best = valueOf(theory.data, theory.model, theory.d);"
        "const others = Array.from({ length: 200 }, () => theory.d.map(() => Math.random()));"
        "return [theory.d, best, Math.max(...others.map((d) => valueOf(theory.data, theory.model, d)))];",
        model.tolist(),
    )
    p, q = model
    np.testing.assert_allclose(found[0], p / (p + q), rtol=1e-12)
    middle = (p + q) / 2
    divergence = ((p * np.log(p / middle)).sum() + (q * np.log(q / middle)).sum()) / 2
    assert found[1] == pytest.approx(2 * divergence - np.log(4), abs=1e-12)
    assert found[2] <= found[1]


def test_shares_add_up_to_one_when_one_is_moved(lecture):
    put(lecture, "#theory fieldset.data input", 0.7)
    shares = lecture.execute_script("return theory.data;")
    assert sum(shares) == pytest.approx(1) and shares[0] == 0.7


def test_projector_mode_shows_one_section_and_turns_over_by_arrow_keys(lecture):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def seen():
        return lecture.execute_script(
            "return Array.from(document.querySelectorAll('header, main > section'))"
            ".filter((each) => each.offsetParent).map((each) => each.id);"
        )

    assert seen() == ["", "figure1", "theory"]
    press(lecture, "#projector")
    assert seen() == [""]
    ActionChains(lecture).send_keys(Keys.ARROW_RIGHT).perform()
    assert seen() == ["figure1"]
    ActionChains(lecture).send_keys(Keys.ESCAPE).perform()
    assert seen() == ["", "figure1", "theory"]


def test_the_test_that_the_theory_names_exists():
    text = text_of("theory.html")
    file, name = re.search(r"<code>([\w/.]+)</code>, <code>(\w+)</code>", text.replace("\n", " ")).groups()
    assert f"def {name}(" in (Path(__file__).parents[2] / file).read_text()
