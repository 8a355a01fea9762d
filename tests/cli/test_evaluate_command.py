"""`edgewise evaluate`: streams, formats, exit codes."""

import csv
import io as text_io
import json

import numpy as np
import pytest

from edgewise.evaluation import read_cases, read_values
from small_datasets import label_map, write


def strict(text):
    def refuse(word):
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


def test_two_folders_and_no_flags(command, folders, tmp_path):
    code, out, err = command("evaluate", *folders)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["label", "metric", "n", "missing"]
    assert lines[1].startswith("1      dice")
    assert err.splitlines()[0].startswith("reference  ")
    assert err.splitlines()[1].startswith("prediction ")
    assert "5/5" in err
    last = err.splitlines()[-1]
    assert (
        last
        == "written edgewise-results/   next: edgewise summarize edgewise-results --format markdown"
    )
    assert len(read_values(tmp_path / "edgewise-results")) == 5 * 2 * 13


def test_the_fault_folder(command, faults, tmp_path):
    ref, pred, codes = faults
    code, out, err = command("evaluate", ref, pred, "--labels", "1:liver,2:tumour", "-j", 2)
    assert code == 4
    for case, error in codes.items():
        (line,) = [t for t in err.splitlines() if t.endswith(f"[{error}]")]
        assert case in line
    cases = read_cases(tmp_path / "edgewise-results")
    found = dict(zip(cases["case"], cases["error_code"], strict=True))
    assert {case: error for case, error in found.items() if error} == codes
    values = read_values(tmp_path / "edgewise-results")
    healthy = values.filter({"case": ["good_1", "good_2", "float_coded"], "metric": "dice"})
    assert healthy["value"].tolist() == [0.75] * 6
    assert "1 liver" in out
    assert "Traceback" not in err


def test_the_same_table_in_every_format(command, folders):
    shown = {
        form: command("evaluate", *folders, "--metrics", "dice,hd", "-q", "--format", form)[1]
        for form in ("table", "csv", "tsv", "json", "markdown", "latex")
    }
    rows = list(csv.DictReader(text_io.StringIO(shown["csv"])))
    assert [r["metric"] for r in rows] == ["dice", "hd"] * 2
    assert float(rows[0]["mean"]) == 0.875
    assert shown["tsv"].replace("\t", ",") == shown["csv"]
    assert strict(shown["json"])["summary"][0]["mean"] == 0.875
    assert shown["markdown"].startswith("| label | metric |")
    assert "| 1 | dice | 4 | 0 | 1 | 0.875" in shown["markdown"]
    assert shown["latex"].startswith("\\begin{tabular}{")
    assert "1 & dice & 4" in shown["latex"]
    assert shown["table"].splitlines()[1].split()[:3] == ["1", "dice", "4"]


def test_many_labels_are_a_line_each(command, tmp_path):
    labels = np.arange(40, dtype=np.uint8).reshape(1, 40, 1) * np.ones((6, 1, 6), np.uint8)
    moved = np.where(labels == 7, 0, labels)
    for folder, array in (("r", labels), ("p", moved)):
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "a.npy", array)
    arguments = ("evaluate", "r", "p", "--metrics", "dice,hd", "-q")
    _, out, _ = command(*arguments)
    header, *lines = out.splitlines()
    assert header.split() == ["label", "dice", "hd", "mm"]
    assert len(lines[:39]) == 39
    assert [line.split() for line in lines[5:8]] == [
        ["6", "1.000", "0.000"],
        ["7", "0.000", "40.9"],  # infinite: the diagonal of 6 x 40 x 6
        ["8", "1.000", "0.000"],
    ]
    assert lines[39:] == [
        "means; --format csv, markdown or json has counts, intervals and worst cases",
        "infinite values count as the worst value; see --one-empty",
    ]
    assert len(command(*arguments, "--format", "csv")[1].splitlines()) == 1 + 39 * 2


def test_json_is_exactly_one_strict_document(command, faults):
    ref, pred, codes = faults
    code, out, _ = command("evaluate", ref, pred, "--labels", "1", "--json", "--one-empty", "keep")
    assert code == 4
    document = strict(out)
    assert document["schema"] == "edgewise.run/1"
    assert document["counts"]["failed"] == 7
    assert {c["case"] for c in document["cases"] if c["error_code"]} == set(codes)
    means = {row["metric"]: row["mean"] for row in document["summary"]}
    assert means["hd95"] == "Infinity"
    assert document["policies"] == {
        "missing": "penalize",
        "both_empty": "skip",
        "one_empty": "keep",
    }
    again = command("evaluate", ref, pred, "--labels", "1", "--json", "--one-empty", "keep")[1]
    assert again == out


def test_quiet_leaves_stderr_empty_when_all_is_well(command, folders):
    code, out, err = command("evaluate", *folders, "-q")
    assert (code, err) == (0, "")
    assert out


def test_two_files_print_a_table_and_write_nothing(command, folders, tmp_path):
    ref, pred = (f"{folder}/case_10.nii.gz" for folder in folders)
    code, out, err = command("evaluate", ref, pred, "--metrics", "dice,hd,nsd@2mm")
    assert (code, err.splitlines()[-1:]) == (0, ["labels     1, 2"]) or code == 0
    header, first, second = out.splitlines()
    assert header.split() == ["label", "dice", "hd", "mm", "nsd@2mm"]
    assert first.split() == ["1", "0.750", "1.000", "1.000"]
    assert second.split()[0] == "2"
    assert not (tmp_path / "edgewise-results").exists()
    document = strict(command("evaluate", ref, pred, "--json")[1])
    assert {v["metric"] for v in document["values"]} >= {"dice", "hd95", "nsd@1mm", "tp"}
    assert command("evaluate", ref, pred, "-o", "kept")[0] == 0
    assert len(read_cases(tmp_path / "kept")) == 1


def test_a_pair_that_fails(command, folders, tmp_path):
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"")
    code, out, err = command("evaluate", f"{folders[0]}/case_1.nii.gz", broken)
    assert (code, out) == (4, "")
    assert "[empty_file]" in err
    assert command("evaluate", f"{folders[0]}/case_1.nii.gz", "none.nii.gz")[0] == 3


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["evaluate"], 2, "give REFERENCE and PREDICTION"),
        (["evaluate", "{0}"], 2, "give REFERENCE"),
        (["evaluate", "{0}", "{1}", "--metrics", "dise"], 2, "dice"),
        (["evaluate", "{0}", "{1}", "--missing", "zero"], 2, "perfect in hd95"),
        (["evaluate", "{0}", "{1}", "--missing", "drop"], 2, "penalize"),
        (["evaluate", "{0}", "{1}", "--labels", "x"], 2, "no label"),
        (["evaluate", "{0}", "{1}", "--nope"], 2, "unrecognized"),
        (["evaluate", "{0}", "{1}", "--metric", "dice"], 2, "unrecognized"),
        (["evaluate", "{0}", "{1}", "-j", "0"], 2, "workers"),
        (["evaluate", "{0}", "{1}", "--fail-under", "dice>1"], 2, "cannot read the gate"),
        (["evaluate", "{0}", "{1}", "--allow-failures", "x"], 2, "--allow-failures"),
        (["evaluate", "{0}", "nowhere"], 3, "no such file or folder"),
        (["evaluate", "{0}", "{1}", "--include", "zz*"], 3, "none of the 5 cases"),
        (["evaluate", "{0}", "{1}", "--config", "no.toml"], 2, "no.toml"),
        (["evaluate", "--manifest", "no.csv"], 3, "no.csv"),
        (["summarize", "nowhere"], 3, "no results of edgewise"),
        ([], 2, "commands:"),
        (["report"], 2, "invalid choice"),
    ],
)
def test_wrong_usage_is_one_sentence(command, folders, arguments, code, words):
    found, out, err = command(*(a.format(*folders) for a in arguments))
    assert found == code
    assert words in err
    assert out == ""
    assert "Traceback" not in err


def test_nothing_paired_exits_3_with_templates(command, tmp_path):
    for k in range(2):
        write(tmp_path / f"r/case_{k:03}.nii.gz", label_map())
        write(tmp_path / f"p/{k:03}_final.nii.gz", label_map())
    code, _, err = command("evaluate", "r", "p")
    assert code == 3
    assert "--ref-template 'r/case_{case}.nii.gz' --pred-template 'p/{case}_final.nii.gz'" in err
    code, out, _ = command(
        "evaluate", "--ref-template", "r/case_{case}.nii.gz",
        "--pred-template", "p/{case}_final.nii.gz", "-q",
    )  # fmt: skip
    assert code == 0
    assert out


@pytest.mark.parametrize(
    ("allowance", "code"), [("0", 4), ("7", 4), ("8", 0), ("50%", 4), ("70%", 0)]
)
def test_some_failures_can_be_allowed(command, faults, allowance, code):
    ref, pred, _ = faults
    assert command("evaluate", ref, pred, "-q", "--allow-failures", allowance)[0] == code


def test_stopping_at_the_first_failure(command, faults, tmp_path):
    ref, pred, _ = faults
    code, _, _ = command("evaluate", ref, pred, "-j", 1, "--fail-fast", "-o", "run")
    assert code == 4
    cases = read_cases(tmp_path / "run")
    assert len(cases) < 12
    assert json.loads((tmp_path / "run/run.json").read_text())["complete"] is False


@pytest.mark.parametrize(
    ("gate", "code"),
    [
        ("dice[1].mean >= 0.87", 0),
        ("dice[1].mean>=0.88", 5),
        ("dice[*].mean > 0.8", 0),
        ("dice[liver].mean.low>=0.1", 2),
        ("failed <= 0", 0),
        ("missing<=10%", 0),
        ("hd[2].worst < 2", 5),
    ],
)
def test_gates(command, folders, gate, code):
    arguments = ["evaluate", *folders, "--metrics", "dice,hd", "--fail-under", gate]
    found, _, err = command(*arguments)
    assert found == code
    assert ("not met" in err) == (code == 5)


def test_a_failed_case_weighs_more_than_a_gate(command, faults):
    ref, pred, _ = faults
    assert command("evaluate", ref, pred, "-q", "--fail-under", "failed<=0")[0] == 4


def test_an_unwritable_place(command, folders, tmp_path):
    (tmp_path / "file").write_text("")
    code, out, err = command("evaluate", *folders, "-o", "file/run")
    assert (code, out) == (1, "")
    assert "cannot write the results" in err


def test_a_configuration_file_and_flags_that_win(command, folders, tmp_path):
    (tmp_path / "qa.toml").write_text(
        '[input]\nreference = "ref"\nprediction = "pred"\nlabels = { 1 = "liver" }\n'
        '[metrics]\nnames = ["dice"]\n[run]\nout = "stored"\n[summary]\nmissing = "skip"\n'
    )
    code, out, _ = command("evaluate", "--config", "qa.toml", "-q")
    assert code == 0
    assert "1 liver  dice" in out
    assert len(read_values(tmp_path / "stored")) == 5 * 7
    code, out, _ = command("evaluate", "--config", "qa.toml", "-q", "--labels", "2", "-o", "x")
    assert code == 0
    assert "liver" not in out
    assert (tmp_path / "x").is_dir()


def test_a_manifest(command, folders, tmp_path):
    (tmp_path / "m.csv").write_text(
        "case,ref,pred,site\nNA,ref/case_1.nii.gz,pred/case_1.nii.gz,Üni\n001,ref/case_1.nii.gz,,x\n"
    )
    code, _, err = command("evaluate", "--manifest", "m.csv", "-o", "run")
    assert code == 4
    assert "001: no prediction" in err
    cases = read_cases(tmp_path / "run")
    assert cases["case"].tolist() == ["001", "NA"]
    assert cases["meta.site"].tolist() == ["x", "Üni"]


def test_names_of_every_kind(command, tmp_path):
    names = ["NA", "None", "1e5", "a b", "é", "雪", "-x", "=1+1", "q'\"q"]
    for name in names:
        for side in ("r", "p"):
            write(tmp_path / side / f"{name}.nii.gz", label_map())
    code, out, _ = command("evaluate", "r", "p", "-j", 2, "--json", "--metrics", "dice")
    assert code == 0
    assert {c["case"] for c in strict(out)["cases"]} == set(names)
    assert set(read_values(tmp_path / "edgewise-results")["case"]) == set(names)


def test_messages_are_limited_to_five_per_kind(command, folders):
    from pathlib import Path

    for k in range(8):
        write(Path(folders[0]) / f"more_{k}.nii.gz", label_map())
    _, _, err = command("evaluate", *folders, "-o", "a")
    assert err.count("[missing_prediction]") == 6
    assert "... and 3 more (see cases.csv, column error_code)" in err
    _, _, err = command("evaluate", *folders, "-o", "b", "-v")
    assert err.count("[missing_prediction]") == 8


def test_a_file_name_cannot_steer_the_terminal(command, tmp_path):
    name = "evil\x1b[31m"
    write(tmp_path / "r" / f"{name}.nii.gz", label_map())
    write(tmp_path / "r" / "b.nii.gz", label_map())
    write(tmp_path / "p" / "b.nii.gz", label_map())
    _, out, err = command("evaluate", "r", "p")
    assert "\x1b" not in out + err
    assert "evil\\x1b" in err


@pytest.mark.parametrize("mode", ["json", "plain", "bar", "none"])
def test_progress(command, folders, mode):
    _, out, err = command("evaluate", *folders, "--progress", mode, "--metrics", "dice")
    lines = [t for t in err.replace("\r", "\n").splitlines() if t.startswith(("{", "5/5"))]
    if mode == "none":
        assert lines == []
    elif mode == "json":
        assert strict(lines[-1])["done"] == strict(lines[-1])["total"] == 5
    else:
        assert "0 failed" in lines[-1]
    assert "5/5" not in out


def test_colour_only_on_request(command, faults):
    ref, pred, _ = faults
    assert "\x1b[" not in command("evaluate", ref, pred)[2]
    coloured = command("evaluate", ref, pred, "--color", "always")[2]
    assert "\x1b[31mfailed" in coloured


def test_what_nobody_foresaw_is_one_sentence(command, folders, monkeypatch):
    from edgewise import evaluation

    def broken(*arguments, **options):
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr(evaluation, "run", broken)
    code, out, err = command("evaluate", *folders, "-q")
    assert (code, out) == (1, "")
    assert err == "error    internal error: ZeroDivisionError: no such luck; -vv shows where\n"
    assert "Traceback" in command("evaluate", *folders, "-q", "-vv")[2]


def test_the_flags_that_messages_name_exist(command, tmp_path):
    holed = label_map().astype("f4")
    holed[0, 0, 0] = float("nan")
    for side in ("r", "p"):
        write(tmp_path / side / "a.nii.gz", label_map())
    write(tmp_path / "p/a.nii.gz", holed)
    arguments = ("evaluate", "r", "p", "--metrics", "dice")
    assert "--nan background" in command(*arguments)[2]
    code, _, err = command(*arguments, "--nan", "background")
    assert code == 0
    assert "[nan_as_background]" in err
    write(tmp_path / "p/a.nii.gz", np.stack([label_map(shift=1), label_map()], -1))
    assert "--volume k" in command(*arguments)[2]
    for volume, dice in ((0, 0.75), (1, 1.0)):
        _, out, _ = command(*arguments, "--volume", volume, "--format", "csv")
        assert float(next(csv.DictReader(text_io.StringIO(out)))["mean"]) == dice
    code, _, err = command(*arguments, "--volume", "1", "--max-bytes", "100")
    assert code == 4
    assert "--max-bytes" in err
    assert command(*arguments, "--volume", "-1")[0] == 2


def test_a_run_that_ended_early_says_so(command, faults):
    _, _, err = command("evaluate", faults[0], faults[1], "-j", 1, "--fail-fast")
    assert "stopped after" in err


def test_codes_come_last_in_errors_too(command, folders):
    assert command("evaluate", folders[0], "nowhere")[2].endswith("[no_such_folder]\n")


def test_a_pair_counts_by_the_policies_that_were_asked_for(command, tmp_path):
    write(tmp_path / "a.nii.gz", label_map())
    write(tmp_path / "b.nii.gz", label_map() * 0)
    for policy in ("worst", "keep"):
        out = command("evaluate", "a.nii.gz", "b.nii.gz", "--json", "--one-empty", policy)[1]
        assert strict(out)["policies"]["one_empty"] == policy


@pytest.mark.parametrize("columns", [30, 60, 200])
def test_the_bar_fits_the_terminal(command, folders, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    err = command("evaluate", *folders, "--progress", "bar", "--metrics", "dice")[2]
    (line,) = [t for t in err.replace("\r", "\n").splitlines() if "5/5" in t]
    assert len(line) < columns
    assert ("█" in line or "#" in line) == (columns > 30)


def test_a_run_that_measured_nothing_leaves_the_tables_of_the_last_one(
    command, folders, tmp_path, monkeypatch
):
    from edgewise import evaluation

    command("evaluate", *folders, "-o", "run", "--metrics", "dice")
    before = (tmp_path / "run/cases.csv").read_bytes()
    original = evaluation.run

    def stopped(*arguments, stop, **options):
        stop.set()
        return original(*arguments, stop=stop, **options)

    monkeypatch.setattr(evaluation, "run", stopped)
    code, _, err = command("evaluate", *folders, "-o", "run", "--metrics", "dice")
    assert code == 4
    assert "stopped after 0 of 5 cases" in err
    assert (tmp_path / "run/cases.csv").read_bytes() == before


def test_a_case_is_named_also_when_its_error_names_no_file(command, tmp_path):
    (tmp_path / "r").mkdir()
    for name in ("a", "boundary"):
        np.save(tmp_path / f"r/{name}.npy", np.ones((2, 2, 2, 2), np.uint8))
    _, _, err = command("evaluate", "r", "r", "--metrics", "hd")
    starts = [line.split()[1] for line in err.splitlines() if line.endswith("[bad_shape]")]
    assert starts == ["a:", "boundary:"]


def test_where_an_unforeseen_error_happened_is_shown_on_request(command, folders, monkeypatch):
    from edgewise.evaluation import case

    def broken(*arguments, **options):
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr(case, "measure", broken)
    arguments = ("evaluate", *folders, "-j", 1, "--limit", 1)
    code, _, err = command(*arguments)
    assert code == 4
    assert "case_1: ZeroDivisionError: no such luck; -vv shows where  [internal_error]" in err
    assert "Traceback" not in err
    assert "in broken" in command(*arguments, "-vv")[2]
