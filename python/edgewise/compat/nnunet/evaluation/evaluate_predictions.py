"""``nnunetv2.evaluation.evaluate_predictions``: folders of segmentations to ``summary.json``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgewise.compat.nnunet.arrays import compute_tp_fp_fn_tn, region_or_label_to_mask
from edgewise.compat.nnunet.dataset import classes_of, reader_of
from edgewise.compat.nnunet.files import files_in, read_json, reader_for
from edgewise.compat.nnunet.one_case import measure_case, measure_missed
from edgewise.compat.nnunet.summary import (
    key_to_label_or_region,
    label_or_region_to_key,
    load_summary_json,
    make_plain,
    mean_metrics,
    save_summary_json,
)
from edgewise.compat.nnunet.work import over_cases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgewise.compat.nnunet.arrays import Class
    from edgewise.compat.nnunet.files import Reader

__all__ = [
    "compute_metrics",
    "compute_metrics_on_folder",
    "compute_metrics_on_folder2",
    "compute_metrics_on_folder_simple",
    "compute_tp_fp_fn_tn",
    "evaluate_folder_entry_point",
    "evaluate_simple_entry_point",
    "key_to_label_or_region",
    "label_or_region_to_key",
    "labels_to_list_of_regions",
    "load_summary_json",
    "region_or_label_to_mask",
    "save_summary_json",
]

default_num_processes: Final = int(os.environ.get("nnUNet_def_n_proc", "8"))  # noqa: SIM112


def labels_to_list_of_regions(labels: Sequence[int]) -> list[tuple[int]]:
    """Return each label as a region of its own."""
    return [(label,) for label in labels]


def compute_metrics(
    reference_file: str,
    prediction_file: str,
    image_reader_writer: Reader | None,
    labels_or_regions: Sequence[Class],
    ignore_label: int | None = None,
    *,
    corrected: bool = False,
) -> dict[str, Any]:
    """Compare two segmentations.

    Parameters
    ----------
    reference_file, prediction_file : str
        Paths.
    image_reader_writer : object, optional
        Has ``read_seg(path)``, which returns an array and properties. None, and nnU-Net's own
        SimpleITKIO and NibabelIO: read by `edgewise.io`.
    labels_or_regions : sequence of int or tuple of int
        A region is the union of its labels.
    ignore_label : int, optional
        Elements with this label in the reference do not count.
    corrected : bool, default False
        Whether both segmentations must lie on one grid.

    Returns
    -------
    dict
        ``"reference_file"``, ``"prediction_file"`` and ``"metrics"``: for each label or region
        Dice and IoU (NaN where neither has it), FP, TP, FN, TN, n_pred and n_ref.

    Raises
    ------
    GeometryError
        With `corrected`, if the grids differ.
    """
    files = reference_file, prediction_file
    return measure_case(
        *files, image_reader_writer, labels_or_regions, ignore_label, same_grid=corrected
    )


def compute_metrics_on_folder(
    folder_ref: str,
    folder_pred: str,
    output_file: str | None,
    image_reader_writer: Reader | None,
    file_ending: str,
    regions_or_labels: Sequence[Class],
    ignore_label: int | None = None,
    num_processes: int = default_num_processes,
    chill: bool = True,
    *,
    corrected: bool = False,
) -> dict[str, Any]:
    """Compare the predictions of a folder with the references of the same name.

    Parameters
    ----------
    folder_ref, folder_pred : str
        Folders of files with one ending.
    output_file : str, optional
        Path of the summary, ending in ``.json``. None: not written.
    image_reader_writer, regions_or_labels, ignore_label
        As in `compute_metrics`.
    file_ending : str
        Other files are left alone.
    num_processes : int, default 8 or the environment variable nnUNet_def_n_proc
        Cases at a time: in threads, in processes for a reader that is not nnU-Net's.
    chill : bool, default True
        Whether references without a prediction are accepted. They do not count.
    corrected : bool, default False
        References without a prediction count as wholly missed (``"prediction_file"`` is None), the
        mean over labels leaves out labels that no case has, and grids must agree.

    Returns
    -------
    dict
        ``"metric_per_case"``, ``"mean"`` per label or region, and ``"foreground_mean"``.

    Raises
    ------
    AssertionError
        If `output_file` has another ending, or a prediction is missing without `chill`.
    IndexError
        If there is no prediction, or no label.
    GeometryError
        With `corrected`, if the grids of a case differ.
    """
    if output_file is not None and not output_file.endswith(".json"):
        message = f"output_file must end with .json, got {output_file}"
        raise AssertionError(message)
    names, expected = files_in(folder_pred, file_ending), files_in(folder_ref, file_ending)
    missing = [name for name in expected if not Path(folder_pred, name).is_file()]
    if missing and not chill:
        message = f"{len(missing)} references have no prediction, the first is {missing[0]}"
        raise AssertionError(message)
    pairs = [(os.path.join(folder_ref, n), os.path.join(folder_pred, n)) for n in names]  # noqa: PTH118  as they are written
    rest = image_reader_writer, regions_or_labels, ignore_label, corrected
    results = over_cases(measure_case, [(*pair, *rest) for pair in pairs], num_processes)
    if corrected:
        missed = [(os.path.join(folder_ref, name), *rest[:3]) for name in missing]  # noqa: PTH118
        results += over_cases(measure_missed, missed, num_processes)
    means, foreground = mean_metrics(results, regions_or_labels, corrected=corrected)
    for case in results:
        make_plain(case)
    make_plain(means)
    make_plain(foreground)
    result = {"metric_per_case": results, "mean": means, "foreground_mean": foreground}
    if output_file is not None:
        save_summary_json(result, output_file)
    return result


def compute_metrics_on_folder2(
    folder_ref: str,
    folder_pred: str,
    dataset_json_file: str,
    plans_file: str,
    output_file: str | None = None,
    num_processes: int = default_num_processes,
    chill: bool = False,
    *,
    corrected: bool = False,
) -> None:
    """Compare two folders with the labels, regions and file ending of a dataset.json.

    Parameters
    ----------
    dataset_json_file, plans_file : str
        Of nnU-Net.
    output_file : str, optional
        Default: ``summary.json`` in the folder of predictions.
    folder_ref, folder_pred, num_processes, chill, corrected
        As in `compute_metrics_on_folder`.

    Raises
    ------
    AssertionError, RuntimeError
        If the labels of the dataset.json do not fit together.
    """
    dataset = read_json(dataset_json_file)
    ending = dataset["file_ending"]
    example = os.path.join(folder_ref, files_in(folder_ref, ending)[0])  # noqa: PTH118
    reader = reader_of(dataset, example)
    output_file = output_file or os.path.join(folder_pred, "summary.json")  # noqa: PTH118
    classes, ignored = classes_of(dataset, read_json(plans_file))
    compute_metrics_on_folder(
        folder_ref,
        folder_pred,
        output_file,
        reader,
        ending,
        classes,
        ignored,
        num_processes,
        chill,
        corrected=corrected,
    )


def compute_metrics_on_folder_simple(
    folder_ref: str,
    folder_pred: str,
    labels: Sequence[Class],
    output_file: str | None = None,
    num_processes: int = default_num_processes,
    ignore_label: int | None = None,
    chill: bool = False,
    *,
    corrected: bool = False,
) -> None:
    """Compare two folders; the first reference tells the file ending.

    Parameters
    ----------
    labels : sequence of int or tuple of int
        Labels and regions.
    output_file : str, optional
        Default: ``summary.json`` in the folder of predictions.
    folder_ref, folder_pred, num_processes, ignore_label, chill, corrected
        As in `compute_metrics_on_folder`.

    Raises
    ------
    RuntimeError
        If the first reference cannot be read.
    """
    example = os.path.join(folder_ref, files_in(folder_ref)[0])  # noqa: PTH118
    ending = os.path.splitext(example)[-1]  # noqa: PTH122  .gz of .nii.gz
    output_file = output_file or os.path.join(folder_pred, "summary.json")  # noqa: PTH118
    compute_metrics_on_folder(
        folder_ref,
        folder_pred,
        output_file,
        reader_for(ending, example),
        ending,
        labels,
        ignore_label,
        num_processes,
        chill,
        corrected=corrected,
    )


def evaluate_folder_entry_point() -> None:
    """Run what ``nnUNetv2_evaluate_folder`` runs."""
    parser = _parser()
    parser.add_argument("-djfile", required=True, help="dataset.json")
    parser.add_argument("-pfile", required=True, help="plans.json")
    args = parser.parse_args()
    compute_metrics_on_folder2(
        args.gt_folder,
        args.pred_folder,
        args.djfile,
        args.pfile,
        args.o,
        args.np,
        chill=args.chill,
        corrected=args.corrected,
    )


def evaluate_simple_entry_point() -> None:
    """Run what ``nnUNetv2_evaluate_simple`` runs."""
    parser = _parser()
    parser.add_argument("-l", type=int, nargs="+", required=True, help="labels")
    parser.add_argument("-il", type=int, default=None, help="label that is ignored")
    args = parser.parse_args()
    compute_metrics_on_folder_simple(
        args.gt_folder,
        args.pred_folder,
        args.l,
        args.o,
        args.np,
        args.il,
        chill=args.chill,
        corrected=args.corrected,
    )


def _parser() -> Any:
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("gt_folder", help="folder of references")
    parser.add_argument("pred_folder", help="folder of predictions")
    parser.add_argument("-o", default=None, help="summary (default: pred_folder/summary.json)")
    words = f"cases at a time (default: {default_num_processes})"
    parser.add_argument("-np", type=int, default=default_num_processes, help=words)
    parser.add_argument("--chill", action="store_true", help="accept missing predictions")
    parser.add_argument("--corrected", action="store_true", help="mend the known faults as well")
    return parser
