"""Random calls of nnU-Net's evaluation: arrays, and folders of tiny files."""

from __future__ import annotations

import gc
import importlib
import json
import multiprocessing
import sys
import tempfile
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import numpy as np

from edgewise import io
from edgewise.image import Image

from .call import Call, Calls, function

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from .draw import Draw

__all__ = ["CALLS"]

_LABELS: Final = (0, 1, 2, 3, 4, 7, (1,), (1, 2), (2, 3, 4), (1, 1), (0, 3), ())
_DTYPES: Final = ("u1", "i2", "i4", "u2", "f4", "f8")


class _Arrays:
    """A reader of arrays that have names."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.arrays = arrays

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Arrays)

    __hash__ = None  # type: ignore[assignment]

    def read_seg(self, seg_fname: str) -> tuple[NDArray[Any], dict[str, Any]]:
        """Return the array of a name."""
        return self.arrays[seg_fname], {}


@contextmanager
def _in_this_process() -> Iterator[None]:
    """Let pools of processes be threads: starting a process takes longer than a call."""
    threads = SimpleNamespace(Pool=ThreadPool)
    with mock.patch.object(multiprocessing, "get_context", return_value=threads):
        yield


def _classes(draw: Draw) -> list[Any]:
    chosen = draw.rng.permutation(len(_LABELS))[: draw.integer(1, 6)]
    found: list[Any] = [_LABELS[int(k)] for k in chosen]
    if draw.chance(0.1):
        found = [np.int64(one) if isinstance(one, int) else one for one in found]
    if draw.chance(0.03):
        found.append(draw.choice(([1, 2], 1.5, "1", None, np.uint8(2), 1.0)))
    return found


def _segmentation(draw: Draw, shape: Sequence[int]) -> NDArray[Any]:
    labels = draw.labels(shape, largest=4).astype(draw.choice(_DTYPES))
    if labels.size and draw.chance(0.05):
        labels.flat[0] = draw.choice((0.5, 255, 300.0, np.nan)) if labels.dtype.kind == "f" else 9
    return draw.layout(labels)


def _drawn_metrics(draw: Draw) -> Call:
    shape = (1, *draw.shape(2, 3, voxels=200))
    first, second = _segmentation(draw, shape), _segmentation(draw, shape)
    if draw.chance(0.2):
        second = first.copy()
    if draw.chance(0.05):
        second = draw.choice((second[:, :1], second[..., :1], second[0]))
    arrays = {"a": first, "b": second if draw.chance(0.98) else second.astype("c16")}
    ignored = draw.choice((None, None, None, 1, 4, 9, 0))
    names = ("a", draw.choice(("b",) * 30 + ("c",)))
    return Call(function("compute_metrics"), (*names, _Arrays(arrays), _classes(draw), ignored))


def _drawn_counts(draw: Draw) -> Call:
    shape = draw.shape(1, 4, voxels=200)
    masks: list[Any] = [*draw.pair(shape), draw.mask(shape)]
    if draw.chance(0.1):
        masks = [mask.astype(draw.choice(("u1", "i8", "i4", "f4"))) for mask in masks]
    if draw.chance(0.03):
        masks[1] = draw.choice((masks[1][:1], masks[1].tolist(), True, None))
    layouts = [draw.layout(m) if isinstance(m, np.ndarray) else m for m in masks]
    return Call(function("compute_tp_fp_fn_tn"), tuple(layouts[: draw.choice((2, 3))]))


def _drawn_mask(draw: Draw) -> Call:
    seg = _segmentation(draw, draw.shape(1, 4, voxels=200))
    return Call(function("region_or_label_to_mask"), (seg, draw.choice(_classes(draw))))


def _drawn_key(draw: Draw) -> Call:
    return Call(function("label_or_region_to_key"), (draw.choice(_classes(draw)),))


def _drawn_from_key(draw: Draw) -> Call:
    keys = ("1", "-3", "(1, 2)", "(1,)", "()", "", "1,2", " 7 ", "((1))", "a", "(1, a)", "1.0", 5)
    return Call(function("key_to_label_or_region"), (draw.choice((*keys, None)),))


def _drawn_regions(draw: Draw) -> Call:
    return Call(function("labels_to_list_of_regions"), (_classes(draw),))


def _results(draw: Draw) -> dict[str, Any]:
    classes = [one for one in _classes(draw) if isinstance(one, int | tuple)] or [1]
    names = ("Dice", "TP")

    def values() -> dict[str, float]:
        return {name: draw.choice((np.nan, 0.0, 1.0, draw.number(0, 1), 7)) for name in names}

    cases = [
        {
            "reference_file": "r",
            "prediction_file": draw.choice(("p", None)),
            "metrics": {one: values() for one in classes},
        }
        for _ in range(draw.integer(0, 3))
    ]
    means = {one: values() for one in classes}
    found: dict[str, Any] = {
        "metric_per_case": cases,
        "mean": means,
        "foreground_mean": values(),
    }
    if draw.chance(0.05):
        del found[draw.choice(("metric_per_case", "mean", "foreground_mean"))]
    if draw.chance(0.03):
        found["mean"] = {1: np.int64(1)}
    return found


def _drawn_saved(draw: Draw) -> Call:
    def act(space: Any, results: Any) -> str:
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder, "summary.json"))
            space.save_summary_json(results, file)
            return Path(file).read_text()

    return Call(act, (_results(draw),))


def _drawn_loaded(draw: Draw) -> Call:
    found = _results(draw)
    text = json.dumps(
        {
            key: {str(k): v for k, v in value.items()} if key == "mean" else value
            for key, value in found.items()
            if key != "metric_per_case"
        }
        | {
            "metric_per_case": [
                case | {"metrics": {str(k): v for k, v in case["metrics"].items()}}
                for case in found.get("metric_per_case", [])
            ]
        },
        default=int,
    )
    if draw.chance(0.05):
        text = text[:-1]

    def act(space: Any, text: str) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "summary.json")
            file.write_text(text)
            return space.load_summary_json(str(file))

    return Call(act, (text,))


def _written(draw: Draw) -> tuple[dict[str, NDArray[Any]], str]:
    """Return arrays by path, "ref/..." and "pred/...", and the ending of their names."""
    ending = draw.choice((".nii.gz", ".nii.gz", ".nrrd", ".mha"))
    files = {}
    for case in range(draw.integer(1, 3)):
        shape = draw.shape(3, 3, voxels=150)
        first = draw.labels(shape, largest=3).astype(draw.choice(("u1", "i2", "f4")))
        second = draw.labels(shape, largest=3).astype(draw.choice(("u1", "i2")))
        files[f"ref/case{case}{ending}"] = first
        if draw.chance(0.97):
            files[f"pred/case{case}{ending}"] = first if draw.chance(0.1) else second
    if draw.chance(0.05):
        files.pop(draw.choice(list(files)))
    return files, ending


@contextmanager
def _folders(files: Mapping[str, NDArray[Any]]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("ref", "pred"):
            Path(folder, name).mkdir()
        for name, array in files.items():
            io.write(Path(folder, name), Image(array, 1.0, np.eye(4)))
        try:
            yield Path(folder)
        finally:
            gc.collect(1)  # files that nnU-Net tried to read as pictures are still open


def _told(folder: Path, returned: Any = None) -> Any:
    """Return what a call gave and wrote, without the name of the temporary folder."""
    texts = {
        str(file.relative_to(folder)): file.read_text().replace(str(folder), "")
        for file in sorted(folder.rglob("*.json"))
    }
    return [json.loads(json.dumps(returned, default=str).replace(str(folder), "")), texts]


def _on_folder(
    space: Any, files: Any, ending: str, classes: Any, ignored: Any, options: Any, write: Any
) -> Any:
    place = "nnunetv2.imageio.simpleitk_reader_writer"
    reader = importlib.import_module(place).SimpleITKIO()
    with _in_this_process(), _folders(files) as folder:
        output = str(folder / options.pop("name", "out.json")) if write else None
        places = str(folder / "ref"), str(folder / "pred"), output, reader, ending
        returned = space.compute_metrics_on_folder(*places, classes, ignored, **options)
        types = [[type(k).__name__, type(v).__name__] for k, v in returned["mean"].items()]
        keyed = {"mean": {}, "metric_per_case": [], "foreground_mean": returned["foreground_mean"]}
        cases = [
            [list(case), list(map(str, case["metrics"]))] for case in returned["metric_per_case"]
        ]
        return [_told(folder, keyed), types, cases]


def _drawn_folder(draw: Draw) -> Call:
    files, ending = _written(draw)
    options: dict[str, Any] = {}
    if draw.chance(0.5):
        options["chill"] = draw.choice((True, False))
    if draw.chance(0.5):
        options["num_processes"] = draw.choice((1, 2, 3) * 8 + (0,))
    if draw.chance(0.02):
        options["name"] = "out.txt"
    classes = [one for one in _classes(draw) if isinstance(one, int | tuple)]
    ignored = draw.choice((None, None, 3))
    return Call(_on_folder, (files, ending, classes, ignored, options, draw.chance(0.7)))


def _simple(space: Any, files: Any, labels: Any, options: Any) -> Any:
    with _in_this_process(), _folders(files) as folder:
        given = {k: str(folder / v) if k == "output_file" else v for k, v in options.items()}
        places = str(folder / "ref"), str(folder / "pred")
        returned = space.compute_metrics_on_folder_simple(*places, labels, **given)
        return _told(folder, returned)


def _coloured(files: Mapping[str, NDArray[Any]]) -> str:
    """Say if nnU-Net takes the first reference for a colour picture."""
    first = min((name for name in files if name.startswith("ref")), default="")
    if not first.endswith((".nrrd", ".mha")):
        return ""
    return "colour picture" if {3, 4} & set(files[first].shape[::2]) else ""


def _drawn_simple(draw: Draw) -> Call:
    files, _ = _written(draw)
    options: dict[str, Any] = {"num_processes": 1}
    if draw.chance(0.5):
        options["chill"] = draw.choice((True, False))
    if draw.chance(0.3):
        options["ignore_label"] = 3
    if draw.chance(0.3):
        options["output_file"] = "elsewhere.json"
    arguments = files, [1, 2, 3][: draw.integer(1, 3)], options
    return Call(_simple, arguments, declared=_coloured(files))


def _dataset(draw: Draw, ending: str) -> dict[str, Any]:
    named: dict[str, Any] = {"background": 0, "a": 1, "b": 2, "c": 3}
    found: dict[str, Any] = {"labels": named, "file_ending": ending}
    if draw.chance(0.5):
        named |= {"whole": [1, 2, 3], "core": draw.choice(([2, 3], 3))}
        found["regions_class_order"] = [1, 2, 3, 4, 5]
        if draw.chance(0.1):
            found["regions_class_order"] = draw.choice((None, [1]))
    if draw.chance(0.3):
        named["ignore"] = draw.choice((4, 4, 4, 4, 5, [4]))
    if draw.chance(0.1):
        named["background"] = draw.choice((1, [0], "0"))
    if draw.chance(0.05):
        del named["background"]
    if draw.chance(0.2):
        found["overwrite_image_reader_writer"] = draw.choice(("None", "SimpleITKIO"))
    return found


def _folder2(space: Any, files: Any, dataset: Any, plans: Any, options: Any) -> Any:
    with _in_this_process(), _folders(files) as folder:
        for name, what in (("dataset.json", dataset), ("plans.json", plans)):
            (folder / name).write_text(json.dumps(what))
        jsons = str(folder / "dataset.json"), str(folder / "plans.json")
        places = str(folder / "ref"), str(folder / "pred")
        with mock.patch("sys.stdout"):
            returned = space.compute_metrics_on_folder2(*places, *jsons, **options)
        return _told(folder, returned)


def _drawn_folder2(draw: Draw) -> Call:
    files, ending = _written(draw)
    options: dict[str, Any] = {"num_processes": 1, "chill": draw.choice((True, True, False))}
    plans = draw.choice(({}, {"label_manager": "LabelManager"}))
    return Call(_folder2, (files, _dataset(draw, ending), plans, options))


def _command(space: Any, name: str, files: Any, words: Any, dataset: Any) -> Any:
    with _in_this_process(), _folders(files) as folder:
        (folder / "d.json").write_text(json.dumps(dataset))
        (folder / "p.json").write_text("{}")
        argv = [word.replace("@", str(folder)) for word in ("command", "@/ref", "@/pred", *words)]
        quiet = mock.patch("sys.stdout"), mock.patch("sys.stderr")
        with mock.patch.object(sys, "argv", argv), quiet[0], quiet[1]:
            try:
                getattr(space, name)()
            except SystemExit as error:
                return error.code
        return _told(folder)


def _drawn_simple_command(draw: Draw) -> Call:
    words = ["-l", "1", "2", "-np", "1"]
    words += draw.choice(([], ["-il", "3"], ["-o", "@/o.json"], ["--chill"], ["-x"], ["-o"]))
    files = _written(draw)[0]
    arguments: tuple[Any, ...] = "evaluate_simple_entry_point", files, words, {}
    return Call(_command, arguments, declared=_coloured(files))


def _drawn_folder_command(draw: Draw) -> Call:
    files, ending = _written(draw)
    words = ["-djfile", "@/d.json", "-pfile", "@/p.json", "-np", "1"]
    words += draw.choice(([], ["-o", "@/o.json"], ["--chill"], ["-x"]))
    name = "evaluate_folder_entry_point"
    return Call(_command, (name, files, words, _dataset(draw, ending)))


CALLS: Final[Calls] = {
    "compute_metrics": _drawn_metrics,
    "compute_metrics_on_folder": _drawn_folder,
    "compute_metrics_on_folder2": _drawn_folder2,
    "compute_metrics_on_folder_simple": _drawn_simple,
    "compute_tp_fp_fn_tn": _drawn_counts,
    "region_or_label_to_mask": _drawn_mask,
    "label_or_region_to_key": _drawn_key,
    "key_to_label_or_region": _drawn_from_key,
    "labels_to_list_of_regions": _drawn_regions,
    "save_summary_json": _drawn_saved,
    "load_summary_json": _drawn_loaded,
    "evaluate_folder_entry_point": _drawn_folder_command,
    "evaluate_simple_entry_point": _drawn_simple_command,
}
