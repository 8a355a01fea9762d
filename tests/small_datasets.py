"""Tiny data sets on disk: blocks whose metrics can be checked by hand."""

from pathlib import Path

import numpy as np

from edgewise import io
from edgewise.image import Image

AFFINE = np.diag([1.0, 1.0, 2.0, 1.0])
HELD = {"case_1": (1, 2), "case_2": (1,), "case_3": (0, 2), "case_4": (1, 2), "case_10": (1, 2)}
SHIFTS = {"case_1": 0, "case_2": 1, "case_3": 2, "case_4": 0, "case_10": 1}


def label_map(*, shift=0, labels=(1, 2), shape=(12, 10, 8)):
    """A block of 4 x 3 x 4 voxels per label, side by side, moved along the first axis."""
    array = np.zeros(shape, dtype=np.uint8)
    for k, label in enumerate(labels):
        array[2 + shift : 6 + shift, 1 + 4 * k : 4 + 4 * k, 2:6] = label
    return array


def write(path: Path, array, affine=AFFINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    io.write(path, Image(np.asarray(array), affine=affine))
    return path


def write_five(root: Path) -> tuple[Path, Path]:
    """Five cases; case_2 has only label 1, case_3 only label 2; predictions moved by SHIFTS."""
    for name, labels in HELD.items():
        write(root / "ref" / f"{name}.nii.gz", label_map(labels=labels))
        write(root / "pred" / f"{name}.nii.gz", label_map(labels=labels, shift=SHIFTS[name]))
    return root / "ref", root / "pred"


def write_faults(root: Path) -> tuple[Path, Path, dict[str, str]]:
    """Four healthy cases and one of each fault; returns the folders and the expected codes."""
    ref, pred = root / "ref", root / "pred"
    good = label_map(shift=1)
    faulty = {
        "truncated": "truncated",
        "zero_byte": "empty_file",
        "other_shape": "shape_mismatch",
        "shifted": "geometry_mismatch",
        "missing": "missing_prediction",
        "fractions": "non_integer_labels",
        "text": "not_an_image",
        "checksum": "corrupt_gzip",
    }
    for name in ("good_1", "good_2", "empty_label_map", "float_coded", *faulty):
        write(ref / f"{name}.nii.gz", label_map())
    for name in ("good_1", "good_2"):
        write(pred / f"{name}.nii.gz", good)
    write(pred / "empty_label_map.nii.gz", np.zeros_like(good))
    write(pred / "float_coded.nii.gz", good.astype(np.float32))
    rng = np.random.default_rng(0)  # noise does not compress: a cut hits the voxels
    noise = rng.integers(0, 3, good.shape).astype(np.uint8)
    content = write(pred / "truncated.nii.gz", noise).read_bytes()
    (pred / "truncated.nii.gz").write_bytes(content[: len(content) // 2])
    content = bytearray(write(pred / "checksum.nii.gz", noise).read_bytes())
    content[-6] ^= 1
    (pred / "checksum.nii.gz").write_bytes(bytes(content))
    (pred / "zero_byte.nii.gz").write_bytes(b"")
    (pred / "text.nii.gz").write_text("this is no image\n")
    write(pred / "other_shape.nii.gz", label_map(shape=(12, 10, 7)))
    moved = AFFINE.copy()
    moved[2, 3] = 50.0
    write(pred / "shifted.nii.gz", good, affine=moved)
    write(pred / "fractions.nii.gz", good.astype(np.float32) * 0.5)
    return ref, pred, faulty
