"""nnU-Net 2.8.1: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk

__all__ = ["LIBRARY"]

_HOME: Final = "nnunetv2.evaluation.evaluate_predictions:"
_READING: Final = (
    "files are read by edgewise.io where nnU-Net's SimpleITKIO or NibabelIO would read them, which "
    "gives the same labels; any other reader is asked. A file that only one of the two can read, "
    "such as one with skewed axes, is an error in one of them"
)
_COLOURS: Final = (
    "If the first reference is a volume of 3 or 4 columns or slices (.nrrd, .mha), nnU-Net takes "
    "it for a colour picture and refuses those after it that are none"
)

_ENTRIES: Final = (
    *(
        Entry(name, _HOME + name, "corrected", note=_READING)
        for name in ("compute_metrics", "compute_metrics_on_folder", "compute_metrics_on_folder2")
    ),
    Entry(
        "compute_metrics_on_folder_simple",
        _HOME + "compute_metrics_on_folder_simple",
        "corrected",
        note=f"{_READING}. {_COLOURS}",
    ),
    Entry(
        "evaluate_simple_entry_point",
        _HOME + "evaluate_simple_entry_point",
        note=f"{_COLOURS}; --corrected is ours",
    ),
    Entry(
        "evaluate_folder_entry_point",
        _HOME + "evaluate_folder_entry_point",
        note="--corrected is ours",
    ),
    *(
        Entry(name, _HOME + name)
        for name in (
            "compute_tp_fp_fn_tn",
            "region_or_label_to_mask",
            "label_or_region_to_key",
            "key_to_label_or_region",
            "labels_to_list_of_regions",
            "save_summary_json",
            "load_summary_json",
        )
    ),
)
_FOLDERS: Final = (
    "compute_metrics_on_folder",
    "compute_metrics_on_folder2",
    "compute_metrics_on_folder_simple",
)

# reads two rows: the labels, and what a reader returns besides
_READER: Final = "__import__('types').SimpleNamespace(read_seg=np.load)"
_FOLDER: Final = "(d := __import__('tempfile').mkdtemp()"

_QUIRKS: Final = (
    Quirk(
        "nnunet-foreground-mean",
        _FOLDERS,
        "The mean over labels is NaN as soon as one label occurs in no case, neither in the "
        "reference nor in the prediction.",
        f"{_FOLDER}, np.save(d + '/a', [[0, 1]] * 2), peer.compute_metrics_on_folder(d, d, None, "
        f"{_READER}, '.npy', [1, 2], None, 1)['foreground_mean']['Dice'])[2]",
        "nan",
        "1.0",
        source="MIC-DKFZ/nnUNet#380",
    ),
    Quirk(
        "nnunet-missing-predictions",
        _FOLDERS,
        "With chill, references without a prediction do not count: a model that fails on hard "
        "cases scores better.",
        f"{_FOLDER}, __import__('os').mkdir(d + '/p'), [np.save(d + f, [[0, 1]] * 2) for f in "
        "('/a', '/b', '/p/a')], peer.compute_metrics_on_folder(d, d + '/p', None, "
        f"{_READER}, '.npy', [1], None, 1)['foreground_mean']['Dice'])[3]",
        "1.0",
        "0.5",
    ),
    Quirk(
        "nnunet-grids-unchecked",
        ("compute_metrics", *_FOLDERS),
        "Positions of the images are not compared, and shapes that differ are broadcast where "
        "numpy can.",
        "int(peer.compute_metrics('a', 'b', type('', (), {'read_seg': lambda self, name: (np.ones("
        "(1, 2 if name == 'a' else 1)), {})})(), [1])['metrics'][1]['TP'])",
        "2",
        "GeometryError",
    ),
)

LIBRARY: Final = Library("nnunet", "nnunetv2", "nnunetv2", "2.8.1", _ENTRIES, _QUIRKS)
