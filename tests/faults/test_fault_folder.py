"""The data set of the specification: real label maps with every fault, evaluated by the command."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from edgewise import io
from edgewise.evaluation import evaluate_pair, read_cases, read_values

FAULTS = {
    "truncated": "truncated",
    "zero_byte": "empty_file",
    "bit_flipped": "corrupt_gzip",
    "wrong_checksum": "corrupt_gzip",
    "other_shape": "shape_mismatch",
    "shifted": "geometry_mismatch",
    "no_file": "missing_prediction",
    "fractions": "non_integer_labels",
    "not_a_number": "nan_in_labels",
    "negative": "bad_label_value",
    "series": "4d_input",
    "directory": "not_an_image",
}
HEALTHY = ("good", "float_coded", "empty_map", "turned", "other_format")


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "edgewise", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False, **options,
    )  # fmt: skip


@pytest.fixture
def slab(shared):
    folder = shared / "real/ct"
    return folder / "slab_labels_a.nii.gz", folder / "slab_labels_b.nii.gz"


@pytest.fixture
def folders(slab, tmp_path):
    """References are one model's map, predictions the other's, each spoilt in its way."""
    ref, pred = tmp_path / "ref", tmp_path / "pred"
    ref.mkdir()
    pred.mkdir()
    for name in (*FAULTS, *HEALTHY):
        shutil.copyfile(slab[0], ref / f"{name}.nii.gz")
        shutil.copyfile(slab[1], pred / f"{name}.nii.gz")
    spoil_bytes(pred, slab[1].read_bytes())
    spoil_images(pred, io.read(slab[1]))
    return ref, pred


def spoil_bytes(pred, content):
    flipped, trailer = bytearray(content), bytearray(content)
    flipped[len(content) // 2] ^= 8
    trailer[-6] ^= 8
    (pred / "truncated.nii.gz").write_bytes(content[: len(content) // 2])
    (pred / "zero_byte.nii.gz").write_bytes(b"")
    (pred / "bit_flipped.nii.gz").write_bytes(flipped)
    (pred / "wrong_checksum.nii.gz").write_bytes(trailer)
    (pred / "no_file.nii.gz").unlink()
    (pred / "directory.nii.gz").unlink()
    (pred / "directory.nii.gz").mkdir()


def spoil_images(pred, image):
    array = image.array
    moved = image.affine.copy()
    moved[2, 3] += 50
    holed = array.astype(np.float32)
    holed[1, 2, 3] = np.nan
    negative = array.astype(np.int16)
    negative[1, 2, 3] = -1
    turned = image.affine.copy()
    turned[:, 0] *= -1
    turned[:, 3] = image.affine @ [array.shape[0] - 1, 0, 0, 1]
    written = {
        "other_shape": replace(image, array=array[:-3]),
        "shifted": replace(image, affine=moved),
        "fractions": replace(image, array=array * np.float32(0.5)),
        "not_a_number": replace(image, array=holed),
        "negative": replace(image, array=negative),
        "series": replace(image, array=np.stack([array, array], -1), spacing=(*image.spacing, 1.0)),
        "float_coded": replace(image, array=array.astype(np.float32)),
        "empty_map": replace(image, array=np.zeros_like(array)),
        "turned": replace(image, array=array[::-1], affine=turned),
    }
    for name, one in written.items():
        io.write(pred / f"{name}.nii.gz", one)
    (pred / "other_format.nii.gz").unlink()
    io.write(pred / "other_format.mha", image)


def test_every_fault_is_one_line_and_every_healthy_case_has_its_numbers(folders, slab, tmp_path):
    done = run("evaluate", *folders, "--labels", "1,5,20", "-v", cwd=tmp_path)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr + done.stdout
    for case, code in FAULTS.items():
        lines = [t for t in done.stderr.splitlines() if case in t]
        assert len(lines) == 1, lines
        assert lines[0].endswith(f"[{code}]")
    cases = read_cases(tmp_path / "edgewise-results")
    assert {c["case"]: c["error_code"] for c in cases.rows() if c["error_code"]} == FAULTS
    expected = evaluate_pair(*slab, labels="1,5,20")
    values = read_values(tmp_path / "edgewise-results")
    for case in ("good", "float_coded", "turned", "other_format"):
        found = values.filter({"case": case})
        assert len(found) == 3 * 13
        for row in found.rows():
            assert row["value"] == expected.value(row["label"], row["metric"]), (case, row)
    empty = values.filter({"case": "empty_map"})
    assert set(empty["state"]) == {"pred_empty"}


def test_checking_finds_the_same_faults(folders, tmp_path):
    done = run("check", *folders, "--full", "--json", cwd=tmp_path)
    assert done.returncode == 3
    problems = json.loads(done.stdout)["problems"]
    assert {p["case"]: p["code"] for p in problems if p["severity"] == "error"} == FAULTS


@pytest.mark.skipif(os.name == "nt", reason="resource limits")
def test_a_full_disk_leaves_the_summary(folders, tmp_path):
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from edgewise.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    arguments = ("evaluate", *folders, "--labels", "1", "--metrics", "dice", "-o", "run")
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "cases.csv: cannot be written" in done.stderr
    assert done.stdout.startswith("label")
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "run").iterdir()) == []


def test_a_file_that_inflates_without_end_is_left_early(folders, tmp_path):
    ref, pred = folders
    content = gzip.decompress((pred / "good.nii.gz").read_bytes())
    (pred / "good.nii.gz").write_bytes(gzip.compress(content + bytes(200 << 20), 1))
    done = run("evaluate", ref, pred, "--include", "good", "--labels", "1", cwd=tmp_path)
    assert done.returncode == 4
    assert done.stderr.count("[decompression_bomb]") == 1
