"""Files: which can be read, what is beside them, and the experiments of 2014 in their own words."""

from __future__ import annotations

import io

import pytest

from adversarial.config import yaml_parse
from adversarial.config.reader import MAX_BYTES
from adversarial.errors import ConfigurationError
from adversarial.names.names_2014 import NAMES_2014

CONVOLUTIONAL = """
!obj:pylearn2.train.Train {
    dataset: &train !obj:pylearn2.datasets.cifar10.CIFAR10 {
        toronto_prepro: True, which_set: 'train', one_hot: 1, axes: ['c', 0, 1, 'b'], start: 0, stop: 40000 },
    model: !obj:adversarial.AdversaryPair {
        generator: !obj:adversarial.Generator {
            monitor_ll: 1,
            noise: 'gaussian',
            mlp: !obj:pylearn2.models.mlp.MLP { nvis: 100, layers: [
                !obj:pylearn2.models.mlp.Sigmoid { layer_name: 'h1', dim: 8000, irange: .05, init_bias: -2. },
                !obj:pylearn2.models.mlp.SpaceConverter {
                    layer_name: 'converter',
                    output_space: !obj:pylearn2.space.Conv2DSpace {
                        shape: [10, 10], num_channels: 80, axes: ['c', 0, 1, 'b'] } },
                !obj:adversarial.deconv.Deconv {
                    num_channels: 3, output_stride: [3, 3], kernel_shape: [5, 5], pad_out: 0, max_kernel_norm: 1.9365,
                    layer_name: 'y', irange: .05, tied_b: 0 } ] } },
        discriminator: !obj:pylearn2.models.mlp.MLP {
            input_space: !obj:pylearn2.space.Conv2DSpace {
                shape: &shape [32, 32], num_channels: 3, axes: ['c', 0, 1, 'b'] },
            layers: [
                !obj:pylearn2.models.maxout.MaxoutConvC01B {
                    layer_name: 'dh0', pad: 4, tied_b: 1, W_lr_scale: .05, num_channels: 32, num_pieces: 2,
                    kernel_shape: [8, 8], pool_shape: [4, 4], pool_stride: [2, 2], irange: .005,
                    max_kernel_norm: .9 },
                !obj:pylearn2.models.maxout.Maxout {
                    layer_name: 'h3', irange: .005, num_units: 500, num_pieces: 5, max_col_norm: 1.9 } ] } },
    algorithm: !obj:pylearn2.training_algorithms.sgd.SGD {
        monitoring_dataset: { 'valid': !obj:pylearn2.datasets.cifar10.CIFAR10 { which_set: 'train' } },
        termination_criterion: !obj:pylearn2.termination_criteria.MonitorBased {
            channel_name: "valid_objective", prop_decrease: 0., N: 100 } },
    extensions: [ !obj:pylearn2.train_extensions.best_params.MonitorBasedSaveBest {
        channel_name: 'valid_objective', save_path: "${PYLEARN2_TRAIN_FILE_FULL_STEM}_best.pkl" } ],
    save_freq: 1
}
"""
ADDED_LAYERS = """
!obj:pylearn2.train.Train {
    dataset: &train !obj:pylearn2.datasets.tfd.TFD { which_set: 'unlabeled', scale: True },
    model: !obj:adversarial.AdversaryPair { generator: !obj:adversarial.Generator {
        mlp: !obj:adversarial.add_layers {
            mlp: !obj:pylearn2.models.mlp.MLP { nvis: 100, layers: [
                !obj:pylearn2.models.mlp.Sigmoid { layer_name: 'y', dim: 2304, sparse_init: 100,
                    init_bias: !obj:pylearn2.models.dbm.init_sigmoid_bias_from_marginals { dataset: *train} } ] },
            pretrained: "./pretrain.pkl",
        }
    } },
    #algorithm: !obj:never.Built {
    save_path: "${PYLEARN2_TRAIN_FILE_FULL_STEM}.pkl",
}
"""


def proxies(tree):
    if isinstance(tree, yaml_parse.Proxy):
        yield tree
        tree = tree.keywords
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from proxies(part)


def recipes(golden):
    return sorted(golden.glob("trajectories/*/recipe.yaml"))


def test_the_recorded_experiments_of_2014_are_read_as_they_stand(golden):
    paths = recipes(golden)
    assert len(paths) == 18
    for path in paths:
        found = list(proxies(yaml_parse.load_path(path, instantiate=False)))
        assert found[0].name == "pylearn2.train.Train"
        assert {proxy.name for proxy in found} <= NAMES_2014.keys()


@pytest.mark.parametrize("text", [CONVOLUTIONAL, ADDED_LAYERS])
def test_the_other_shapes_of_2014_are_read_as_they_stand(text):
    tree = yaml_parse.load(text, {"PYLEARN2_TRAIN_FILE_FULL_STEM": "stem"}, instantiate=False)
    assert {proxy.name for proxy in proxies(tree)} <= NAMES_2014.keys()


def test_values_of_a_file_of_2014():
    tree = yaml_parse.load(CONVOLUTIONAL, {"PYLEARN2_TRAIN_FILE_FULL_STEM": "a/b"}, instantiate=False)
    assert tree.keywords["extensions"][0].keywords["save_path"] == "a/b_best.pkl"
    assert tree.keywords["dataset"].keywords["axes"] == ["c", 0, 1, "b"]
    assert tree.keywords["dataset"].keywords["toronto_prepro"] is True
    layers = tree.keywords["model"].keywords["generator"].keywords["mlp"].keywords["layers"]
    assert layers[0].keywords == {"layer_name": "h1", "dim": 8000, "irange": 0.05, "init_bias": -2.0}
    tree = yaml_parse.load(ADDED_LAYERS, {"PYLEARN2_TRAIN_FILE_FULL_STEM": "a/b"}, instantiate=False)
    added = tree.keywords["model"].keywords["generator"].keywords["mlp"].keywords
    bias = added["mlp"].keywords["layers"][0].keywords["init_bias"]
    assert bias.keywords["dataset"] is tree.keywords["dataset"]
    assert added["pretrained"] == "./pretrain.pkl"


def test_the_experiment_of_the_paper_has_its_hyperparameters(request):
    tree = yaml_parse.load_path(request.config.rootpath / "yaml/mnist.yaml", instantiate=False)
    assert not {proxy.name for proxy in proxies(tree)} & NAMES_2014.keys()
    generator = tree.keywords["model"].keywords["generator"].keywords
    algorithm = tree.keywords["algorithm"].keywords
    assert [layer.keywords["dim"] for layer in generator["mlp"].keywords["layers"]] == [1200, 1200, 784]
    assert [layer.keywords["irange"] for layer in generator["mlp"].keywords["layers"]] == [0.05] * 3
    assert (algorithm["batch_size"], algorithm["learning_rate"]) == (100, 0.1)
    assert algorithm["update_callbacks"].keywords == {"decay_factor": 1.000004, "min_lr": 1e-6}
    assert algorithm["cost"].keywords["discriminator_input_include_probs"] == {"h0": 0.8}
    assert tree.keywords["extensions"][0].keywords == {"start": 1, "saturate": 250, "final_momentum": 0.7}


def test_text_bytes_and_files_are_read_alike(tmp_path):
    text = "{a: é, b: '${PYLEARN2_TRAIN_BASE_NAME}'}"
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode().replace(b", ", b",\r\n  "))
    expected = {"a": "é", "b": "x.yaml"}
    environ = {"PYLEARN2_TRAIN_BASE_NAME": "x.yaml"}
    assert yaml_parse.load_path(path) == expected
    assert yaml_parse.load(text, environ) == expected
    assert yaml_parse.load(text.encode(), environ) == expected
    assert yaml_parse.load(io.StringIO(text), environ) == expected
    assert yaml_parse.load(io.BytesIO(text.encode()), environ) == expected


def test_files_that_cannot_be_read_are_refused_in_one_sentence(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9t\xe9")
    (tmp_path / "wide.yaml").write_bytes("a: b".encode("utf-16"))
    (tmp_path / "large.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "file").write_bytes(b"")
    expected = {
        "missing.yaml": "there is no file ",
        ".": "is a directory; name a YAML file in it",
        "latin.yaml": "is not text in UTF-8",
        "wide.yaml": "is not text in UTF-8",
        "large.yaml": f"is larger than {MAX_BYTES} bytes",
        "file": "is empty",
        "file/below": "cannot be read",
        "nul\0": "is not the name of a file",
        "x" * 5000: "cannot be read",
    }
    for name, sentence in expected.items():
        with pytest.raises(ConfigurationError) as caught:
            yaml_parse.load_path(f"{tmp_path}/{name}")
        assert sentence in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_stream_without_end_is_not_read_to_its_end():
    class Endless(io.RawIOBase):
        def read(self, size=-1):
            assert 0 < size < 10 * MAX_BYTES
            return b"#" * size

    with pytest.raises(ConfigurationError, match="is larger than"):
        yaml_parse.load(Endless())


def test_files_are_found_beside_the_document_first_then_where_one_works(tmp_path, monkeypatch):
    inside = tmp_path / "yaml"
    inside.mkdir()
    monkeypatch.chdir(tmp_path)
    (inside / "both.pkl").touch()
    (tmp_path / "both.pkl").touch()
    (tmp_path / "here.pkl").touch()
    asked = []
    monkeypatch.setattr("adversarial.checkpoint.load_model", lambda path, allow: asked.append(path))
    (inside / "x.yaml").write_text("[!pkl: ./both.pkl, !pkl: here.pkl, !pkl: '${PYLEARN2_TRAIN_DIR}both.pkl']")
    yaml_parse.load_path("yaml/x.yaml")
    assert [path.resolve() for path in asked] == [inside / "both.pkl", tmp_path / "here.pkl", inside / "both.pkl"]
    assert str(yaml_parse.beside("both.pkl")) == "both.pkl"
