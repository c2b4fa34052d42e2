"""A machine that fails under a program: what was saved stays, and one true sentence says what happened."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adversarial import checkpoint

pytestmark = pytest.mark.soak

ROOT = Path(__file__).parents[2]
WITHIN = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
#: Python that another run to the same path is, as far as this one can see.
OTHER_RUN = """
import sys, time
from adversarial.files.whole_file import held
with held(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
#: What each program is asked for in a folder that holds the recipe and the model that it made, and what it writes.
PROGRAMS = {
    "train": ("train.py recipe.yaml --max-epochs 3", "model.pkl"),
    "resume": ("train.py recipe.yaml --resume --max-epochs 3", "model.pkl"),
    "samples": ("tools/show_samples.py model.pkl -o out.png --rows 2 --cols 2", "out.png"),
    "report": ("tools/report.py model.pkl out.html --no-estimate", "out.html"),
    "summary": ("tools/summarize_model.py model.pkl", None),
}


@pytest.fixture(scope="module")
def saved(golden, tmp_path_factory):
    """A folder with a recipe and the model that it made."""
    folder = tmp_path_factory.mktemp("saved") / "run"
    shutil.copytree(golden / "trajectories" / "uneven_batches", folder)
    subprocess.run(
        [sys.executable, ROOT / "train.py", "recipe.yaml", "-q", "--max-epochs", "1"], cwd=folder, check=True
    )
    return folder


def run(name, folder, before="", after="", environment=(), prefix=()):
    """Run a program in a folder: exit code, standard output, standard error."""
    program, *options = shlex.split(PROGRAMS[name][0])
    command = shlex.join([sys.executable, "-W", "ignore", str(ROOT / program), *options])
    environment = {key: value for key, value in (os.environ | dict(environment)).items() if value is not None}
    done = subprocess.run(
        [*(prefix or ["sh", "-c"]), f"{before} cd {shlex.quote(str(folder))} && {command} {after}"],
        capture_output=True,
        text=True,
        errors="backslashreplace",
        env=environment,
    )
    return done.returncode, done.stdout, done.stderr


def check(folder, old, code, told, words=()):
    """The model is the old one or a whole new one; a program that failed has said so in one sentence."""
    model = folder / "model.pkl"
    assert model.read_bytes() == old or checkpoint.read(model)["parameters"]
    assert "Traceback" not in told and "defect of this program" not in told
    errors = [line for line in told.splitlines() if ": error: " in line]
    assert len(errors) == (1 if code not in (0, 130) and words is not None else 0), (code, told)
    for word in words or ():
        assert word in told


@pytest.fixture
def place(saved, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(saved, folder)
    return folder, (folder / "model.pkl").read_bytes()


def mounted_or_skip(folder):
    if subprocess.run([*WITHIN, f"mount -t tmpfs none {folder}"], capture_output=True).returncode:
        pytest.skip("this system lets no file system be mounted for a test")


WRITERS = ("train", "resume", "samples", "report")


@pytest.mark.parametrize("room", range(0, 200, 20))
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk(place, tmp_path, name, room):
    folder, old = place
    mounted_or_skip(tmp_path)
    kept = tmp_path / "kept"
    kept.mkdir()
    # What was on the small file system when the program ended is copied out of it before it goes.
    mount = (
        f"cp -r {folder} {kept}/start && mkdir {kept}/disk && mount -t tmpfs -o size=64m none {kept}/disk && "
        f"cp -r {kept}/start {kept}/disk/run && dd if=/dev/zero of={kept}/disk/filler 2>/dev/null; "
        f"truncate -s -{room * 512} {kept}/disk/filler;"
    )
    after = f"; code=$?; cp {kept}/disk/run/model.pkl {kept}/start/; exit $code"
    code, _, told = run(name, kept / "disk" / "run", mount, after, prefix=WITHIN)
    check(kept / "start", old, code, told, ["full"] if code else ())
    assert code or room, "a disk without room took a file"


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_may_not_be_written(place, name):
    folder, old = place
    mounted_or_skip(folder)
    mount = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} &&"
    code, _, told = run(name, folder, mount, prefix=WITHIN)
    assert code
    check(folder, old, code, told)
    assert "ead-only" in told or "cannot be written" in told or "may not" in told


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
@pytest.mark.parametrize("name", WRITERS)
def test_what_is_no_file_where_one_is_to_be_written(place, name, kind):
    folder, old = place
    target = folder / f"{PROGRAMS[name][1]}.part"
    {"pipe": os.mkfifo, "folder": os.mkdir, "device": lambda path: os.symlink("/dev/full", path)}[kind](target)
    code, _, told = run(name, folder)
    check(folder, old, code, told)
    assert code and target.name in told


@pytest.mark.parametrize("name", ["train", "resume"])
@pytest.mark.parametrize("seed", range(5))
def test_two_runs_at_once(place, name, seed):
    folder, old = place
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER_RUN, str(folder / "model.pkl")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert other.stdout.readline() == b"held\n"
    try:
        code, _, told = run(name, folder)
    finally:
        other.communicate(b"")
    assert code and (folder / "model.pkl").read_bytes() == old
    check(folder, old, code, told, ["model.pkl"])


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory):
    """A home that is not there; who may, makes it at the first use, and what is compiled there serves the others."""
    return str(tmp_path_factory.mktemp("homes") / "none" / "such")


@pytest.mark.parametrize("home", [None, "nowhere", "/dev/null"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_no_home(place, nowhere, name, home):
    folder, old = place
    home = nowhere if home == "nowhere" else home
    code, _, told = run(name, folder, environment={"HOME": home, "XDG_CACHE_HOME": None, "MPLCONFIGDIR": None}.items())
    check(folder, old, code, told)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_terminal_in_ascii(place, tmp_path, name):
    folder, old = place
    other = tmp_path / "größe é"
    folder.rename(other)
    code, _, told = run(
        name, other, environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}.items()
    )
    assert code == 0, told
    check(other, old, code, told)


@pytest.mark.parametrize("lines", [0, 1, 3])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_reader_that_has_gone(place, name, lines):
    folder, old = place
    code, _, told = run(name, folder, after=f"| head -n {lines}")
    check(folder, old, code, told, None)


@pytest.mark.parametrize("seed", range(20))
def test_a_kill_of_any_program(place, seed):
    rng = random.Random(seed)
    folder, old = place
    name = rng.choice(WRITERS)
    run(name, folder, f"timeout -s KILL {rng.uniform(1, 8):.2f} sh -c '", "'")
    check(folder, old, 0, "")
