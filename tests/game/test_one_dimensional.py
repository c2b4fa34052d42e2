"""The game on the line of Figure 1: its moments are what its own training made."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.game.one_dimensional import play


@pytest.fixture(scope="module")
def games():
    return [play(seed, scale=0.05) for seed in (0, 0, 1)]


def test_the_same_seed_gives_the_same_game(games):
    for one, again, other in zip(*(game.moments for game in games), strict=True):
        np.testing.assert_array_equal(one.samples, again.samples)
        np.testing.assert_array_equal(one.discriminator, again.discriminator)
        assert not np.array_equal(one.samples, other.samples)


def test_d_alone_learns_in_the_second_moment(games):
    first, second, third, _ = games[0].moments
    np.testing.assert_array_equal(first.samples, second.samples)
    assert not np.array_equal(first.discriminator, second.discriminator)
    assert not np.array_equal(second.samples, third.samples)


def test_what_a_moment_holds(games):
    game = games[0]
    assert game.data_density.sum() * (game.points[1] - game.points[0]) == pytest.approx(1, abs=1e-3)
    updates = [moment.updates for moment in game.moments]
    assert updates == sorted(set(updates)) and len(updates) == 4
    for moment in game.moments:
        assert moment.discriminator.shape == game.points.shape and moment.mapped.shape == game.z.shape
        assert ((moment.discriminator > 0) & (moment.discriminator < 1)).all()
