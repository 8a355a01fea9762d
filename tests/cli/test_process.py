"""The command as a process: start-up, pipes, signals, encodings."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from edgewise.evaluation import read_cases


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_answers_come_without_numpy(process, argument):
    program = (
        "import sys; sys.argv = ['edgewise', sys.argv[1]]\n"
        "from edgewise.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'numpy', 'scipy', 'pandas'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, argument], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "edgewise" in done.stdout


def test_the_alias_and_the_module(process, folders):
    running = process("eval", *folders, "-q", "--metrics", "dice")
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, "")
    assert out.startswith("label")


def test_a_reader_that_leaves_early_is_no_error(process, folders):
    running = process("evaluate", *folders, "-q", "--format", "csv")
    running.stdout.close()
    assert running.stderr.read() == ""
    running.stderr.close()
    assert running.wait(timeout=60) == 0


def test_a_failed_case_is_told_also_when_the_reader_has_left(process, faults):
    running = process("evaluate", faults[0], faults[1], "--labels", "1")
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=60) == 4
    assert "written edgewise-results/" in err
    assert "Traceback" not in err


def test_a_locale_without_unicode(process, folders):
    from pathlib import Path

    for folder in folders:
        (Path(folder) / "case_1.nii.gz").rename(Path(folder) / "é雪.nii.gz")
    (Path(folders[1]) / "é雪.nii.gz").write_bytes(b"")
    running = process("evaluate", *folders, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    _, err = running.communicate(timeout=60)
    assert running.returncode == 4
    assert "Traceback" not in err
    assert "[empty_file]" in err


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_cleanly(process, folders, tmp_path, number, code):
    running = process(
        "evaluate", *folders, "-j", 2, "-o", "run", "--progress", "json",
        EDGEWISE_TEST_FAULT="case_2:hang,case_3:hang",  # the smallest files: they come last
    )  # fmt: skip
    for line in running.stderr:  # three of five cases are done: two workers hang
        if line.startswith("{") and json.loads(line)["done"] >= 1:
            break
    time.sleep(0.5)
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert running.returncode == code
    assert "Traceback" not in err
    assert "stopped after" in err
    cases = read_cases(tmp_path / "run")
    assert 1 <= len(cases) <= 3
    assert set(cases["status"]) == {"ok"}
    assert json.loads((tmp_path / "run/run.json").read_text())["complete"] is False


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_second_interrupt_ends_it_at_once(process, folders):
    running = process(
        "evaluate", *folders, "-j", 2, "--progress", "json",
        EDGEWISE_TEST_FAULT="case_2:hang,case_3:hang",  # the smallest files: they come last
    )  # fmt: skip
    for line in running.stderr:
        if line.startswith("{") and json.loads(line)["done"] >= 1:
            break
    running.send_signal(signal.SIGINT)
    time.sleep(0.7)
    start = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert time.monotonic() - start < 4
    assert running.returncode == 130
    assert "Traceback" not in err


@pytest.mark.skipif(os.name == "nt", reason="descriptors")
@pytest.mark.parametrize("descriptor", [1, 2])
def test_closed_streams_stop_nothing(folders, tmp_path, descriptor):
    done = subprocess.run(
        [sys.executable, "-m", "edgewise", "evaluate", *folders, "--metrics", "dice"],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
        preexec_fn=lambda: os.close(descriptor),
    )  # fmt: skip
    assert done.returncode == 0
    assert (done.stdout, done.stderr)[descriptor - 1] == ""
    assert "Traceback" not in done.stderr
    if descriptor == 2:  # what belongs to stderr must not end up in the results
        assert done.stdout.startswith("label")


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_for_nobody(process, argument):
    running = process(argument)
    running.stdout.close()
    assert running.stderr.read() == ""
    running.stderr.close()
    assert running.wait(timeout=60) == 0
