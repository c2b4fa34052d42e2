"""How programs end: exit codes, one sentence on standard error, tracebacks only where asked for."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys

import pytest

from adversarial.command_line import program
from adversarial.errors import ConfigurationError, DataError, NumericalError
from adversarial.files.whole_file import write_whole
from adversarial.names.allow_list import AllowList


def end(capsys, monkeypatch, error=None, argv=(), returned=None):
    """(exit code, standard error) of a program that raises `error` or returns `returned`."""
    monkeypatch.setattr(sys, "argv", ["/some/where/train.py", *argv])

    def main(arguments):
        assert arguments is None
        if error is not None:
            raise error
        return returned

    with pytest.raises(SystemExit) as caught:
        program.run(main)
    return caught.value.code, capsys.readouterr().err


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (143, 143)])
def test_what_a_program_returns_is_its_exit_code(returned, code, capsys, monkeypatch):
    assert end(capsys, monkeypatch, returned=returned) == (code, "")


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (ConfigurationError("x.yaml, line 3: no"), 2, "x.yaml, line 3: no"),
        (DataError("there is no\n  file x"), 1, "there is no file x"),
        (NumericalError("h0_W is not finite"), 3, "h0_W is not finite"),
        (ConfigurationError("'\x1b[2J\x07' is no name"), 2, "'\\x1b[2J\\x07' is no name"),
        (OSError(errno.ENOSPC, "No space left on device", "a/b.pkl"), 1, "a/b.pkl: No space left on device; make room"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "error: No space left on device; make room"),
        (PermissionError(errno.EACCES, "Permission denied", b"b.pkl"), 1, "b.pkl: Permission denied\n"),
        (MemoryError("Unable to allocate 7 TiB"), 1, "not enough memory: Unable to allocate 7 TiB; try a smaller"),
        (MemoryError(), 1, "not enough memory; try a smaller"),
        (AttributeError("no 'x'"), 1, "a defect of this program (AttributeError: no 'x'); run it with --debug"),
        (ValueError("Unable to create the compiledir directory '/x'."), 1, "PYTENSOR_FLAGS=base_compiledir=FOLDER"),
        (AssertionError(), 1, "a defect of this program (AssertionError); run it with --debug"),
    ],
)
def test_an_error_is_one_sentence_and_a_code(error, code, sentence, capsys, monkeypatch):
    found, said = end(capsys, monkeypatch, error)
    assert found == code
    assert said.startswith("train.py: error: ")
    assert sentence in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("option", ["--debug", "-D"])
def test_debug_shows_the_traceback_too(option, capsys, monkeypatch):
    code, said = end(capsys, monkeypatch, ConfigurationError("no"), [option])
    assert code == 2
    assert "Traceback" in said
    assert said.endswith("train.py: error: no\n")


def test_an_interrupt_is_130_and_no_traceback(capsys, monkeypatch):
    assert end(capsys, monkeypatch, KeyboardInterrupt()) == (130, "train.py: interrupted\n")


def test_a_wrong_option_is_2_with_the_usage(capsys):
    parser = program.parser("tool.py", "Does a thing.", "tool.py a\n tool.py b")
    with pytest.raises(SystemExit) as caught:
        program.run(parser.parse_args, ["--no-such-option"])
    assert caught.value.code == 2
    assert "usage: tool.py" in capsys.readouterr().err


def test_threads_are_set_in_the_environment_where_no_option_does(capsys):
    with pytest.raises(SystemExit):
        program.parser("p.py", "Does.", "p.py").parse_args(["--threads", "2"])
    assert "ADVERSARIAL_THREADS=N in the environment" in capsys.readouterr().err


def test_help_shows_what_it_does_and_an_example(capsys):
    parser = program.parser("tool.py", "Does a thing.", "\ntool.py a --b 3\n  tool.py b\n")
    with pytest.raises(SystemExit) as caught:
        program.run(parser.parse_args, ["--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "Does a thing." in said
    assert said.endswith("example:\n  tool.py a --b 3\n  tool.py b\n")
    assert "--debug" in said


def test_a_reader_that_leaves_is_no_error_to_speak_of():
    source = (
        "from adversarial.command_line import program\n"
        "def main(argv):\n    for n in range(10**6): print(n)\n"
        "program.run(main)\n"
    )
    running = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.readline()
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait() == 1


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_name_that_the_terminal_cannot_show_ends_no_program(stream):
    code = "import sys; from adversarial.command_line import program; "
    code += f"program.run(lambda _: print('é', file=sys.{stream}))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env={"PYTHONIOENCODING": "ascii"}, check=True
    )
    assert getattr(run, stream) == b"\\xe9\n"


def test_an_error_out_of_the_persons_own_module_names_its_line(tmp_path, capsys, monkeypatch):
    (tmp_path / "own_part_that_fails.py").write_text("def learn():\n    return 1 / 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    learn = AllowList(["own_part_that_fails"]).resolve("own_part_that_fails.learn")
    with pytest.raises(SystemExit) as caught:
        program.run(lambda arguments: learn())
    assert caught.value.code == 1
    assert "own_part_that_fails.py, line 2, learn, ended in ZeroDivisionError: division by zero; run it" in (
        capsys.readouterr().err
    )


def test_sigterm_ends_in_order_as_an_interrupt_does(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["images_to_npz.py"])
    before = signal.getsignal(signal.SIGTERM)

    def pieces():
        yield b"some"
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit) as caught:
        program.run(lambda arguments: write_whole(tmp_path / "out.npz", pieces()))
    assert (caught.value.code, capsys.readouterr().err) == (143, "images_to_npz.py: ended by SIGTERM\n")
    assert list(tmp_path.iterdir()) == [] and signal.getsignal(signal.SIGTERM) is before
