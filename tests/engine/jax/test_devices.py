"""Several devices and several processes give what one gives; what is not there is said in a sentence."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from adversarial import checkpoint

pytest.importorskip("jax", reason="jax is not installed")

ROOT = Path(__file__).parents[3]
#: Of 5 updates.
EPOCHS = 10


def start(*options: str, folder: Path, out: str = "model.pkl") -> subprocess.Popen:
    """train.py on the small game, in a process of its own."""
    command = [sys.executable, str(ROOT / "train.py"), "game.yaml", "--quiet", f"--max-epochs={EPOCHS}", *options]
    return subprocess.Popen(
        command, cwd=folder, env=os.environ | {"OUT": out}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def parameters(path: Path) -> dict[str, np.ndarray]:
    return checkpoint.read(path)["parameters"]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the game is trained; `single.pkl` is what one device makes of it."""
    found = tmp_path_factory.mktemp("game")
    shutil.copy(Path(__file__).parent / "game.yaml", found)
    np.save(found / "data.npy", np.random.RandomState(0).uniform(size=(100, 12)).astype("float32"))
    ran = start("--backend=jax", "--device=cpu", folder=found, out="single.pkl")
    assert ran.communicate()[1] == ""
    return found


def assert_as_one_device(folder: Path, path: str) -> None:
    """Every parameter, to 1e-6 of its largest entry or of 1. How far they are is printed, as `pytest -rP` shows."""
    single, several = parameters(folder / "single.pkl"), parameters(folder / path)
    assert single.keys() == several.keys()
    off = {name: np.abs(several[name] - value).max() / max(1, np.abs(value).max()) for name, value in single.items()}
    print(f"{path}: largest deviation {max(off.values()):.1e}")
    assert max(off.values()) <= 1e-6, off


def test_four_devices(folder):
    ran = start("--backend=jax", "--device=cpu", "--devices=4", folder=folder, out="four.pkl")
    assert ran.communicate()[1] == ""
    assert_as_one_device(folder, "four.pkl")


@pytest.mark.soak
def test_two_processes_of_two_devices(folder):
    address = f"--coordinator=127.0.0.1:{free_port()}"
    options = ("--backend=jax", "--device=cpu", "--devices=2", address)
    both = [start(*options, f"--process={i}/2", folder=folder, out=f"process{i}.pkl") for i in (0, 1)]
    for ran in both:
        said = ran.communicate()[1]
        assert ran.returncode == 0, said
    assert_as_one_device(folder, "process0.pkl")
    assert not (folder / "process1.pkl").exists(), "the first process saves"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--backend=c", "--devices=2"), "the backend c cannot use several devices or processes; give --backend jax"),
        (("--device=cuda",), "the backend c cannot use the device cuda; give --backend jax"),
        (("--backend=jax", "--coordinator=127.0.0.1:9"), "--coordinator and --process go together"),
        (("--backend=jax", "--process=2/2"), "'2/2' is not a process such as 0/2 or 1/2"),
    ],
)
def test_what_cannot_be_is_said(folder, options, sentence):
    ran = start(*options, folder=folder)
    said = ran.communicate()[1]
    assert ran.returncode != 0 and sentence in said and "Traceback" not in said


def test_a_coordinator_that_does_not_answer(folder):
    options = ("--backend=jax", "--device=cpu", f"--coordinator=127.0.0.1:{free_port()}", "--process=1/2")
    began = time.monotonic()
    ran = start(*options, "--connect-timeout=1", folder=folder)
    said = ran.communicate()[1]
    assert ran.returncode == 2 and "does not answer" in said and len(said.splitlines()) == 1
    assert time.monotonic() - began < 30


def test_a_process_that_does_not_come(folder):
    options = ("--backend=jax", "--device=cpu", f"--coordinator=127.0.0.1:{free_port()}", "--process=0/2")
    ran = start(*options, "--connect-timeout=1", folder=folder)
    said = ran.communicate()[1]
    assert ran.returncode == 2 and "did not come" in said and len(said.splitlines()) == 1


@pytest.mark.gpu
def test_a_gpu_gives_what_the_cpu_gives(folder):
    if not shutil.which("nvidia-smi"):
        pytest.skip("there is no NVIDIA GPU here")
    ran = start("--backend=jax", "--device=cuda", folder=folder, out="cuda.pkl")
    assert ran.communicate()[1] == ""
    for name, value in parameters(folder / "single.pkl").items():
        found = parameters(folder / "cuda.pkl")[name]
        np.testing.assert_allclose(found, value, rtol=0, atol=1e-3 * np.abs(value).max(), err_msg=name)


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is an NVIDIA GPU here")
def test_a_device_that_is_not_there(folder):
    ran = start("--backend=jax", "--device=cuda", folder=folder)
    said = ran.communicate()[1]
    assert ran.returncode == 2 and "pip install adversarial[cuda]" in said and len(said.splitlines()) == 1
