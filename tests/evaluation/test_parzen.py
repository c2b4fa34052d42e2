"""The function behind parzen_ll.py: from paths, models and arrays alike, with arguments checked before any work."""

from __future__ import annotations

import json

import numpy as np
import pytest

import adversarial
from adversarial import checkpoint
from adversarial.errors import ConfigurationError, DataError
from adversarial.evaluation import estimates, parzen_log_likelihood, running_log_likelihood
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.likelihood.bernoulli import BernoulliMixture, logits
from adversarial.likelihood.cross_validation import choose_width, grid
from adversarial.likelihood.parzen import estimate, log_likelihoods
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP


@pytest.fixture(scope="module")
def arrays(request):
    with np.load(request.path.parents[1] / "golden2014" / "parzen.npz") as record:
        return {name: record[name].astype(np.float32) for name in ("samples", "valid", "test")}


@pytest.fixture
def data(arrays):
    return {"valid": arrays["valid"], "test": arrays["test"]}


def pair():
    def network(inputs, outputs, name):
        return MLP(layers=[Sigmoid(dim=outputs, layer_name=name, irange=0.5)], nvis=inputs, seed=[1, 2])

    return AdversaryPair(Generator(network(10, 36, "g"), noise="uniform"), network(36, 1, "d"))


def test_arrays_give_what_the_window_itself_gives(arrays, data):
    result = parzen_log_likelihood(arrays["samples"], data)
    choice = choose_width(arrays["samples"], arrays["valid"], grid())
    expected = estimate(log_likelihoods(arrays["samples"], arrays["test"], choice.sigma)[0])
    assert result.sigma == choice.sigma
    assert (result.log_likelihood, result.standard_error) == pytest.approx(expected, rel=1e-6)
    assert [point["mean"] for point in result.curve] == pytest.approx([each.mean for each in choice.estimates])
    assert result.counts == {"samples": 500, "valid": 100, "test": 150, "dimension": 36}
    assert result.error_over == "test examples" and result.warnings == []


def test_files_arrays_of_images_and_splits_of_both_kinds_score_alike(tmp_path, arrays, data):
    expected = parzen_log_likelihood(arrays["samples"], data).log_likelihood
    np.save(tmp_path / "samples.npy", arrays["samples"])
    np.save(tmp_path / "test.npy", arrays["test"])
    mixed = {"valid": arrays["valid"], "test": tmp_path / "test.npy"}
    assert parzen_log_likelihood(tmp_path / "samples.npy", mixed).log_likelihood == expected
    assert parzen_log_likelihood(arrays["samples"].reshape(-1, 6, 6), data).log_likelihood == expected


def test_a_single_array_is_test_data_for_a_given_width(arrays):
    result = parzen_log_likelihood(arrays["samples"], arrays["test"], sigma=0.2)
    assert result.sigma == 0.2 and result.curve == []
    with pytest.raises(DataError, match="no valid data"):
        parzen_log_likelihood(arrays["samples"], arrays["test"])


def test_a_model_in_memory_and_the_same_one_saved_score_alike(tmp_path, data):
    model = pair()
    checkpoint.save_model(tmp_path / "m.pkl", model)
    saved = parzen_log_likelihood(tmp_path / "m.pkl", data, num_samples=200, sigma=0.3)
    assert parzen_log_likelihood(model, data, num_samples=200, sigma=0.3).log_likelihood == saved.log_likelihood
    assert adversarial.parzen_log_likelihood is parzen_log_likelihood
    with pytest.raises(DataError, match="does not say what data"):
        parzen_log_likelihood(model, num_samples=200)


def test_widths_repeats_and_warnings(data, arrays):
    result = parzen_log_likelihood(arrays["samples"], data, widths=[0.05, 0.01], valid_limit=40)
    assert [point["sigma"] for point in result.curve] == [0.01, 0.05]
    assert result.sigma == 0.05 and "upper edge" in result.warnings[0] and "1 warning" in repr(result)
    again = parzen_log_likelihood(pair(), data, num_samples=50, sigma=0.3, repeats=2)
    assert len(again.scores) == 2 and "2 draws" in again.error_over and again.sigma == [0.3, 0.3]


def test_it_prints_as_the_program_and_its_json_is_its_figures(arrays, data):
    result = parzen_log_likelihood(arrays["samples"], data, score_valid=True, convergence=True)
    found = json.loads(result.to_json())
    assert found["log_likelihood"] == result.log_likelihood and found["sigma"] == result.sigma
    assert set(found["valid"]) == {"mean", "standard_error"} and found["convergence"]["stable_from"] == 125
    assert "Using Sigma: 0.215443\nLog-Likelihood of test set = -4.7496, se: 0.5987\n" in str(result)
    assert repr(result).startswith("<ParzenResult: -4.75 ± 0.60 nats over test examples; width 0.2154; 500 samples")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"num_samples": 0}, "num_samples is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"repeats": 0}, "repeats is 0"),
        ({"fold": "all", "repeats": 2}, "cannot go together"),
        ({"fold": 1}, "fold 1 is asked for"),
        ({"repeats": 2}, "takes a model"),
        ({"data": None}, "say what data to score"),
        ({"data": "mnits"}, "did you mean 'mnist'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arrays, data, options, words):
    with pytest.raises(ConfigurationError, match=words):
        parzen_log_likelihood(arrays["samples"], **{"data": data, "sigma": 0.2} | options)


def test_an_estimate_is_cached_beside_a_model_and_not_used_for_another_state(tmp_path, monkeypatch, data):
    checkpoint.save_model(tmp_path / "m.pkl", pair())
    content = checkpoint.read(tmp_path / "m.pkl")
    assert estimates.cached(tmp_path / "m.pkl", content) is None
    monkeypatch.setattr(
        estimates,
        "parzen_log_likelihood",
        lambda model, allow, fold: parzen_log_likelihood(model, data, fold=fold, num_samples=50),
    )
    found = estimates.measure(tmp_path / "m.pkl", content)
    assert estimates.path_beside(tmp_path / "m.pkl").name == "m_estimate.json"
    assert estimates.cached(tmp_path / "m.pkl", content) == found
    assert estimates.cached(tmp_path / "m.pkl", content | {"written_at": "later"}) is None


def test_the_running_estimate_of_all_samples_is_the_windows(arrays):
    seen = []
    result = running_log_likelihood(
        arrays["samples"], 0.2, arrays["test"], every=200, on_point=lambda point: seen.append(point.samples)
    )
    assert seen == [point.samples for point in result.points] == [1, 200, 400, 500]
    expected = log_likelihoods(arrays["samples"], arrays["test"], 0.2).mean()
    assert result.log_likelihood == pytest.approx(expected, rel=1e-5)


def test_binary_data_need_no_width(arrays):
    samples, test = arrays["samples"].clip(0, 1), (arrays["test"] > 0.5).astype(np.float32)
    result = running_log_likelihood(samples, None, test, bernoulli=True)
    mixture = BernoulliMixture(test)
    mixture.add(logits(samples))
    assert result.log_likelihood == pytest.approx(mixture.log_likelihoods().mean(), rel=1e-9)
    assert "binary as they are" in result.binarisation


def test_samples_of_a_model_or_of_its_file(tmp_path):
    model = pair()
    checkpoint.save_model(tmp_path / "m.pkl", model)
    drawn = adversarial.sample(str(tmp_path / "m.pkl"), 5)
    assert drawn.shape == (5, 36)
    np.testing.assert_array_equal(drawn, adversarial.sample(model, 5))
    assert not np.array_equal(adversarial.sample(model, 5, seed=3), drawn)
