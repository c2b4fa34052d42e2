"""Pickles of 2014 give their parameters, options and records, and are refused where they ask for more."""

from __future__ import annotations

import gzip
import pickle
import random
from pathlib import Path

import numpy as np
import pytest
from old_pickles import Call, Obj, binary_pickle, pair_2014, resolve, shared, text_pickle
from saved_content import damaged

from adversarial import checkpoint
from adversarial.errors import CheckpointError
from adversarial.serialization.model_2014 import decode
from adversarial.serialization.pickle_2014 import Arrays, records


@pytest.fixture(scope="module")
def recorded(request):
    path = request.config.rootpath / "tests/golden2014/trajectories/mnist_recipe"
    return path, gzip.decompress((path / "model_2014.pkl.gz").read_bytes())


def test_the_recorded_pickle_gives_the_recorded_parameters(recorded):
    path, data = recorded
    content = decode(data, resolve)
    with np.load(path / "params.npz") as expected:
        names = {name.removeprefix("update36/") for name in expected if name.startswith("update36/")}
        assert {name.replace("/", "_", 1) for name in content["parameters"]} == names
        for name, value in content["parameters"].items():
            recorded_value = expected["update36/" + name.replace("/", "_", 1)]
            assert value.dtype == recorded_value.dtype and np.array_equal(value, recorded_value)


def test_the_recorded_pickle_gives_the_recorded_monitor(recorded):
    path, data = recorded
    monitor = decode(data, resolve)["monitor"]
    assert (monitor["epochs_seen"], monitor["batches_seen"], monitor["examples_seen"]) == (3, 36, 690)
    with np.load(path / "monitor.npz") as expected:
        assert sorted(monitor["channels"]) == list(expected["names"])
        for epoch in range(4):
            for name, value in zip(expected["names"], expected[f"epoch{epoch}"], strict=True):
                if not name.endswith(("seconds_this_epoch", "seconds_last_epoch")):
                    assert np.array_equal(monitor["channels"][name]["val_record"][epoch], value, equal_nan=True)


def test_the_recorded_pickle_gives_the_options_that_its_yaml_gave(recorded):
    content = decode(recorded[1], resolve)
    assert content["yaml_src"].startswith("!obj:adversarial.AdversaryPair {generator: ")
    assert content["dataset_yaml_src"].startswith("!obj:pylearn2.datasets.npy_npz.NpzDataset {file: 'data.npz'")
    generator = content["model"]["options"]["generator"]["options"]
    assert generator["noise"] == "uniform" and generator["mlp"]["options"]["nvis"] == 7
    layers = generator["mlp"]["options"]["layers"]
    assert [layer["options"]["layer_name"] for layer in layers] == ["h0", "h1", "y"]
    assert layers[0]["options"] == {"layer_name": "h0", "dim": 11, "irange": 0.3}
    assert layers[2]["options"]["init_bias"].shape == (36,)


@pytest.mark.parametrize("dump", [text_pickle, binary_pickle])
@pytest.mark.parametrize("gpu", [False, True])
def test_both_protocols_and_both_devices_are_read(dump, gpu):
    content = decode(dump(pair_2014(gpu)), resolve)
    parameters = content["parameters"]
    assert list(parameters) == ["gen/y_b", "gen/y_W", "dis/y_b", "dis/y_W"]
    assert np.array_equal(parameters["gen/y_W"], np.arange(12, dtype="f4").reshape(3, 4))
    assert parameters["dis/y_b"].tolist() == [100.5]
    channel = content["monitor"]["channels"]["objective"]
    assert channel["val_record"].tolist() == [1.5, 2.5] and channel["batch_record"].tolist() == [-1, -1]
    assert content["model"]["options"]["discriminator"]["options"]["nvis"] == 4


@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_arrays_of_either_layout_and_byte_order_are_read(order, fortran):
    expected = np.arange(6, dtype="i4").reshape(2, 3)
    stored = expected.astype(f"{order}i4").tobytes("F" if fortran else "C").decode("latin1")
    kind = Call("numpy.dtype", ("i4", 0, 1), (3, order, None, None, None, -1, -1, 0))
    array = Call("numpy.core.multiarray._reconstruct", (), (1, (2, 3), kind, fortran, stored))
    found = Arrays(1000).array(records(text_pickle(array)))
    assert found.dtype == np.dtype("i4") and np.array_equal(found, expected) and found.flags.c_contiguous


def test_an_array_of_an_impossible_size_takes_no_memory():
    kind = Call("numpy.dtype", ("f8", 0, 1), (3, "<", None, None, None, -1, -1, 0))
    array = Call("numpy.core.multiarray._reconstruct", (), (1, (10**6, 10**6), kind, False, "12345678"))
    with pytest.raises(CheckpointError, match="8000000000000 bytes, but 8 are there"):
        Arrays(1000).array(records(text_pickle(array)))


def test_one_array_under_many_names_is_not_multiplied():
    layers = b"".join(map(_layer_with_array_in_memory, range(8)))
    big = b"T" + (8 * 10**5).to_bytes(4, "little") + b"x" * (8 * 10**5) + b"p1\n0"
    state = b"(dS'layers'\n(" + layers + b"ls"
    data = big + b"ccopy_reg\n_reconstructor\n(cpylearn2.models.mlp\nMLP\nc__builtin__\nobject\nNtR" + state + b"b."
    with pytest.raises(CheckpointError, match="far more memory"):
        decode(data, resolve)


def _layer_with_array_in_memory(i: int) -> bytes:
    layer = text_pickle(Obj("pylearn2.models.mlp.Sigmoid", {"layer_name": "y", "b": shared(f"b{i}", np.zeros(10**5))}))
    quoted = repr(np.zeros(10**5).tobytes())[1:].encode()
    return layer[:-1].replace(b"S" + quoted + b"\n", b"g1\n")


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_would_leave_a_file_is_refused_and_leaves_none(tmp_path, protocol):
    with pytest.raises(CheckpointError, match=r"asks to run (posix|nt)\.system.*nothing was run"):
        decode(pickle.dumps(Evil(tmp_path / "left"), protocol), resolve)
    assert not (tmp_path / "left").exists()


@pytest.mark.parametrize("name", ["__builtin__.eval", "__builtin__.getattr", "numpy.load", "os.system"])
def test_names_that_no_model_needs_are_refused_within_a_model_too(name):
    model = pair_2014()
    model.state.arguments[0].append(["extra", Call(name, ("1",))])
    with pytest.raises(CheckpointError, match="asks to run"):
        decode(text_pickle(model), resolve)


def test_a_layer_that_this_program_lacks_is_named():
    model = pair_2014()
    dict(model.state.arguments[0])["discriminator"].state["layers"][0].name = "pylearn2.models.mlp.PretrainedLayer"
    with pytest.raises(CheckpointError, match="pylearn2.models.mlp.PretrainedLayer, which this program does not have"):
        decode(text_pickle(model), resolve)


@pytest.mark.parametrize("value", [[1, 2], "text", {"layers": []}, Obj("pylearn2.datasets.mnist.MNIST", {})])
def test_what_is_no_model_is_refused(value):
    with pytest.raises(CheckpointError, match="not of a model that this program knows"):
        decode(text_pickle(value), resolve)


def test_a_model_that_is_part_of_itself_is_refused():
    head = b"ccopy_reg\n_reconstructor\n(cpylearn2.models.mlp\nMLP\nc__builtin__\nobject\nNtRp1\n"
    with pytest.raises(CheckpointError, match="round in circles"):
        decode(head + b"(dS'layers'\n(g1\ng1\nlsb.", resolve)


@pytest.mark.parametrize("dump", [text_pickle, binary_pickle])
def test_damage_is_refused_in_a_sentence_or_reads_as_a_whole(dump):
    data, rng = dump(pair_2014()), random.Random(2014)
    for _ in range(400):
        try:
            content = decode(damaged(data, rng), resolve)
        except CheckpointError as error:
            assert "\n" not in str(error)
        else:
            assert set(content) >= {"model", "parameters", "monitor"}


@pytest.mark.parametrize("name", ["py3_protocol0", "py3_protocol2", "gpu_2016_p3", "galatea_p3"])
def test_pickles_of_python_3_and_of_gpuarray_are_read(name):
    """Made by Python 3 in protocols 0 and 2, without bytes, from Theano's later arrays on a GPU, under galatea."""
    model = checkpoint.load_model(Path(__file__).parent / "python3" / f"{name}.pkl")
    parameters = {key: param.get_value() for key, param in model.named_parameters().items()}
    np.testing.assert_array_equal(parameters["gen/y_W"].ravel()[:3], np.array([0, 0.02, 0.04], "float32"))
    np.testing.assert_array_equal(parameters["gen/y_b"], np.array([0.5, 1.5, 2.5, 3.5], "float32"))


@pytest.mark.parametrize("name", ["_codecs.decode", "codecs.encode"])
def test_what_encodes_is_not_what_else_is_there(name):
    with pytest.raises(CheckpointError, match="asks to run"):
        records(binary_pickle(Call(name, ("b", "rot13"))))
