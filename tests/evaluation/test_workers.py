"""Workers that die, hang, run out of memory or cannot start."""

import subprocess
import sys
import threading
import time

import pytest

from edgewise.errors import EdgewiseError
from edgewise.evaluation import Config, Execution, Pairs, evaluate, run


def without(result, case):
    return result.values[result.values["case"] != case].to_csv()


@pytest.fixture
def clean(folders):
    return evaluate(*folders, metrics="dice,hd")


@pytest.mark.parametrize(
    ("kind", "words"), [("kill", "signal 9 (SIGKILL"), ("exit", "exit code 3")]
)
def test_a_dying_worker_costs_its_case_only(folders, clean, monkeypatch, kind, words):
    monkeypatch.setenv("EDGEWISE_TEST_FAULT", f"case_3:{kind}")
    result = evaluate(*folders, metrics="dice,hd", labels=[1, 2], workers=2)
    (failed,) = result.failed
    assert (failed.case, failed.code) == ("case_3", "worker_died")
    assert words in str(failed)
    assert "Retried alone: failed again." in str(failed)
    assert without(result, "case_3") == without(clean, "case_3")


def test_two_dying_cases_are_both_named(folders, monkeypatch):
    monkeypatch.setenv("EDGEWISE_TEST_FAULT", "case_3:kill,case_1:kill")
    result = evaluate(*folders, metrics="dice", workers=3, retries=0)
    assert [e.case for e in result.failed] == ["case_1", "case_3"]
    assert result.counts["ok"] == 3


def test_a_hanging_worker_is_ended(folders, clean, monkeypatch):
    monkeypatch.setenv("EDGEWISE_TEST_FAULT", "case_4:hang")
    start = time.monotonic()
    result = evaluate(*folders, metrics="dice,hd", workers=2, timeout=1)
    assert time.monotonic() - start < 20
    (failed,) = result.failed
    assert (failed.case, failed.code) == ("case_4", "timeout")
    assert "no result after 1 s" in str(failed)
    assert without(result, "case_4") == without(clean, "case_4")


def test_a_worker_without_memory_goes_on(folders, monkeypatch):
    monkeypatch.setenv("EDGEWISE_TEST_FAULT", "case_2:memory")
    result = evaluate(*folders, metrics="dice", workers=2)
    (failed,) = result.failed
    assert (failed.case, failed.code) == ("case_2", "out_of_memory")
    assert result.cases["size_0"].tolist() == [12] * 5


def test_workers_that_cannot_start_end_the_run(folders, monkeypatch):
    monkeypatch.setenv("EDGEWISE_TEST_FAULT", "start")
    with pytest.raises(EdgewiseError, match="planted: this worker cannot start"):
        evaluate(*folders, workers=2)


def test_a_stopped_run_says_what_it_did(folders):
    stop = threading.Event()

    def after_two(event):
        if event.done == 2:
            stop.set()

    result = run(
        Pairs.from_folders(*folders),
        Config.create(metrics="dice"),
        Execution(workers=1),
        progress=after_two,
        stop=stop,
    )
    assert not result.is_complete
    assert len(result.cases) == 2
    assert result.counts["planned"] == 5


def test_too_many_failures_end_the_run(folders):
    for name in ("case_1", "case_2"):
        (folders[1] / f"{name}.nii.gz").write_bytes(b"")
    result = run(
        Pairs.from_folders(*folders), Config.create(), Execution(workers=1, max_failures=2)
    )
    assert [e.code for e in result.failed] == ["empty_file"] * 2
    assert len(result.cases) == 2


def test_a_worker_ends_when_its_driver_is_gone():
    program = "from edgewise.evaluation.worker import main; main()"
    worker = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    worker.stdin.close()
    assert worker.wait(timeout=20) == 0
    worker.stdout.close()


def test_workers_need_no_main_guard_and_no_importable_main(folders, tmp_path):
    script = tmp_path / "script.py"
    (tmp_path / "json.py").write_text("raise RuntimeError('a file of the user was imported')")
    script.write_text(
        "import sys; sys.path.pop(0)\n"
        "from edgewise.evaluation import evaluate\n"
        f"result = evaluate({str(folders[0])!r}, {str(folders[1])!r}, workers=2, metrics='dice')\n"
        "print(result.counts['ok'])\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout.strip() == "5", done.stderr
