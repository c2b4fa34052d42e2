"""The game on the line of Figure 1: it ends where Theorem 1 says, and each moment shows what the caption says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from adversarial.figures.one_dimension import density
from adversarial.game.one_dimensional import FAR, NEAR, Game, play, total_variation


@pytest.fixture(scope="module")
def games() -> list[Game]:
    return [play(seed) for seed in (0, 1, 2)]


def check(game: Game) -> None:
    near, learnt, followed, end = game.moments
    # The end: p_g = p_data, D = 1/2 where there are data, and V = -log 4.
    assert end.distance < 0.05
    middle = np.abs(game.points) < 1.5
    assert np.abs(end.discriminator[middle] - 0.5).max() < 0.2
    assert end.value == pytest.approx(-np.log(4), abs=0.02)
    # Arrows that do not cross, at any moment.
    for moment in game.moments:
        assert (np.diff(moment.mapped) > 0).all()
    # D alone learns between the first moment and the second, and comes near D*.
    np.testing.assert_array_equal(near.samples, learnt.samples)
    model = density(learnt.samples, game.points)
    total = game.data_density + model
    best = game.data_density / np.maximum(total, 1e-12)
    step = game.points[1] - game.points[0]
    off = [(total * np.abs(moment.discriminator - best)).sum() * step / 2 for moment in (near, learnt)]
    assert off[1] < 0.1 and off[1] < off[0]
    # G follows D's gradient towards the data.
    assert NEAR < learnt.distance <= FAR and followed.distance <= NEAR


def test_three_seeds_converge(games):
    for game in games:
        check(game)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3, 10))
def test_more_seeds_converge(seed):
    check(play(seed))


def test_seeds_make_different_games(games):
    assert not np.array_equal(games[0].moments[0].samples, games[1].moments[0].samples)


def test_what_a_moment_holds(games):
    game = games[0]
    assert game.data_density.sum() * (game.points[1] - game.points[0]) == pytest.approx(1, abs=1e-3)
    updates = [moment.updates for moment in game.moments]
    assert updates == sorted(set(updates)) and len(updates) == 4
    for moment in game.moments:
        assert moment.discriminator.shape == game.points.shape and moment.mapped.shape == game.z.shape
        assert ((moment.discriminator > 0) & (moment.discriminator < 1)).all()


def test_total_variation():
    quantiles = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    assert total_variation(quantiles) < 0.005
    # Of two normal distributions of one width, twice the normal distribution function of half the distance, less 1.
    assert total_variation(quantiles + 1.0) == pytest.approx(2 * norm.cdf(0.5) - 1, abs=0.005)
    assert total_variation(np.full(10, 30.0)) == pytest.approx(1, abs=1e-6)
