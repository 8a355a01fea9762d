"""Before and after the swap: `python -m benches swap [LIBRARY ...]`.

Each row is one call of an installed library, with its own arguments, and the same call of the
drop-in `edgewise.compat.<library>`; values are compared first, in the bounds that the drop-in
declares. What `edgewise.patch` puts into the library is the same function.
"""

from __future__ import annotations

import argparse
import atexit
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from edgewise.compat.catalogue import library as library_of
from edgewise.compat.declared import Library
from edgewise.errors import MissingExtraError
from edgewise.parity.call import drop_in_space, peer_space
from edgewise.parity.run import installed_version
from edgewise.racing import Contender, machine, race, set_threads

from . import volumes
from .results import Marks, add_results

Work = Callable[[Any], Any]  # gets the namespace of the library or of the drop-in


def _as_it_is(found: Any) -> Any:
    return found


@dataclass(frozen=True, slots=True)
class Swap:
    """One call of a library; `prepare` makes its input, which is not timed."""

    library: str
    what: str
    prepare: Callable[[bool], Work]
    rtol: float = 1e-9
    value: Callable[[Any], Any] = _as_it_is


def _masks(quick: bool) -> tuple[Any, Any]:
    reference, prediction = volumes.organ(volumes.shape_of("m", quick=quick))
    return prediction, reference


def _on_masks(call: Callable[[Any, Any, Any], Any]) -> Callable[[bool], Work]:
    def prepare(quick: bool) -> Work:
        prediction, reference = _masks(quick)
        return lambda space: call(space, prediction, reference)

    return prepare


def _on_label_maps(call: Callable[[Any, Any, Any], Any]) -> Callable[[bool], Work]:
    def prepare(quick: bool) -> Work:
        reference, prediction = volumes.organ(volumes.shape_of("m", quick=quick))
        parts = np.indices(reference.shape, sparse=True)[0] * 8 // reference.shape[0] + 1
        maps = [(mask * parts).astype(np.int32) for mask in (reference, prediction)]
        return lambda space: call(space, *maps)

    return prepare


def _on_tensors(call: Callable[[Any, Any, Any], Any]) -> Callable[[bool], Work]:
    """Two volumes of 128^3 with four classes, one-hot, float32."""

    def prepare(quick: bool) -> Work:
        import torch

        masks = volumes.organ(volumes.shape_of("s", quick=quick))
        parts = np.indices(masks[0].shape, sparse=True)[0] * 3 // masks[0].shape[0] + 1
        hot = [
            np.stack([(mask * parts) == label for label in range(4)]).astype(np.float32)
            for mask in masks
        ]
        reference, prediction = (torch.from_numpy(np.stack([one, one[:, ::-1]])) for one in hot)
        return lambda space: call(space, prediction, reference)

    return prepare


def _on_slices(call: Callable[[Any, Any, Any], Any]) -> Callable[[bool], Work]:
    """A batch of 16 images of 256^2 with two classes, one-hot."""

    def prepare(quick: bool) -> Work:
        import torch

        reference, prediction = volumes.organ(volumes.shape_of("m", quick=quick))
        middle = reference.shape[0] // 2
        hot = [
            torch.from_numpy(np.stack([~part, part], axis=1).astype(np.int64))
            for part in (m[middle - 8 : middle + 8] for m in (reference, prediction))
        ]
        return lambda space: call(space, hot[1], hot[0])

    return prepare


def _on_images(call: Callable[[Any, Any, Any], Any]) -> Callable[[bool], Work]:
    def prepare(quick: bool) -> Work:
        import SimpleITK

        images = [SimpleITK.GetImageFromArray(mask.view(np.uint8)) for mask in _masks(quick)]
        return lambda space: call(space, *images)

    return prepare


def _array(image: Any) -> Any:
    import SimpleITK

    return SimpleITK.GetArrayFromImage(image)


def _executed(name: str, *getters: str) -> Callable[[Any, Any, Any], Any]:
    def call(space: Any, first: Any, second: Any) -> list[float]:
        measure = getattr(space, name)()
        measure.Execute(first, second)
        return [getattr(measure, getter)() for getter in getters]

    return call


def _surface_dice(space: Any, prediction: Any, reference: Any) -> list[float]:
    found = space.compute_surface_distances(reference, prediction, (3.0, 0.8, 0.8))
    return [
        space.compute_surface_dice_at_tolerance(found, 1.0),
        space.compute_robust_hausdorff(found, 95),
    ]


def _points(quick: bool) -> Work:
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(2_000 if quick else 20_000, 3))
    moved = cloud + rng.normal(scale=0.02, size=cloud.shape)
    return lambda space: space.directed_hausdorff(cloud, moved)


def _pairwise(space: Any, prediction: Any, reference: Any) -> list[float]:
    measures = space.BinaryPairwiseMeasures(prediction, reference)
    return [
        measures.dsc(),
        measures.measured_hausdorff_distance_perc(),
        measures.normalised_surface_distance(),
    ]


def _folder(quick: bool) -> Work:
    """Eight volumes of 15 labels as NIfTI, one process."""
    import edgewise

    place = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, place)
    shape = volumes.shape_of("s" if quick else "m", quick=quick)
    reference, prediction = volumes.organ(shape)
    parts = np.indices(reference.shape, sparse=True)[0] * 15 // reference.shape[0] + 1
    for name, mask in (("reference", reference), ("prediction", prediction)):
        (place / name).mkdir()
        labels = (mask * parts).astype(np.uint8)
        for case in range(8):
            image = edgewise.Image(np.roll(labels, case, 0), spacing=(1.0, 1.0, 1.0))
            edgewise.write(place / name / f"case_{case}.nii.gz", image)

    def work(space: Any) -> list[float]:
        found = place / "summary.json"
        space.compute_metrics_on_folder_simple(
            str(place / "reference"),
            str(place / "prediction"),
            list(range(1, 16)),
            str(found),
            num_processes=1,
        )
        summary = json.loads(found.read_text())
        return [mean["Dice"] for mean in summary["mean"].values()]

    return work


SWAPS: tuple[Swap, ...] = (
    Swap("medpy", "hd95, 256^3", _on_masks(lambda s, p, r: s.hd95(p, r, (3.0, 0.8, 0.8)))),
    Swap("medpy", "assd, 256^3", _on_masks(lambda s, p, r: s.assd(p, r))),
    Swap("medpy", "dc, 256^3", _on_masks(lambda s, p, r: s.dc(p, r))),
    Swap("surface_distance", "surface Dice and HD95, 256^3", _on_masks(_surface_dice)),
    Swap(
        "monai",
        "compute_hausdorff_distance(percentile=95), 2 x 4 x 128^3",
        _on_tensors(lambda s, p, r: s.compute_hausdorff_distance(p, r, percentile=95)),
        1e-5,
    ),
    Swap(
        "monai",
        "compute_surface_dice, 2 x 4 x 128^3",
        _on_tensors(lambda s, p, r: s.compute_surface_dice(p, r, [1.0, 1.0, 1.0])),
        1e-5,
    ),
    Swap(
        "monai",
        "compute_dice, 2 x 4 x 128^3",
        _on_tensors(lambda s, p, r: s.compute_dice(p, r)),
        1e-5,
    ),
    Swap("metrics_reloaded", "dsc, hd_perc and nsd, 256^3", _on_masks(_pairwise), 1e-5),
    Swap(
        "scipy_ndimage",
        "distance_transform_edt, 256^3",
        _on_masks(lambda s, p, _: s.distance_transform_edt(p, sampling=(3.0, 0.8, 0.8))),
    ),
    Swap(
        "scipy_ndimage",
        "binary_erosion(iterations=3), 256^3",
        _on_masks(lambda s, p, _: s.binary_erosion(p, iterations=3)),
    ),
    Swap(
        "scipy_ndimage",
        "binary_fill_holes, 256^3",
        _on_masks(lambda s, p, _: s.binary_fill_holes(p)),
    ),
    Swap("scipy_ndimage", "label, 256^3", _on_masks(lambda s, p, _: s.label(p)[0])),
    Swap("scipy_spatial", "directed_hausdorff, 20,000 points", _points),
    Swap(
        "skimage",
        "hausdorff_distance, 256^3",
        _on_masks(lambda s, p, r: s.hausdorff_distance(p, r)),
    ),
    Swap(
        "skimage",
        "adapted_rand_error, 256^3, 8 labels",
        _on_label_maps(lambda s, r, p: s.adapted_rand_error(r, p)),
    ),
    Swap(
        "skimage",
        "label, 256^3, 8 labels",
        _on_label_maps(lambda s, r, _: s.label(r)),
    ),
    Swap(
        "simpleitk",
        "LabelOverlapMeasures, 256^3",
        _on_images(
            _executed(
                "LabelOverlapMeasuresImageFilter", "GetDiceCoefficient", "GetJaccardCoefficient"
            )
        ),
    ),
    Swap(
        "simpleitk",
        "HausdorffDistance, 256^3",
        _on_images(_executed("HausdorffDistanceImageFilter", "GetHausdorffDistance")),
        1e-5,
    ),
    Swap(
        "simpleitk",
        "SignedMaurerDistanceMap, 256^3",
        _on_images(lambda s, p, _: s.SignedMaurerDistanceMap(p, squaredDistance=False)),
        1e-5,
        _array,
    ),
    Swap(
        "edt",
        "edt, 256^3, 8 labels",
        _on_label_maps(lambda s, r, _: s.edt(r, anisotropy=(3.0, 0.8, 0.8))),
        1e-5,
    ),
    Swap(
        "cc3d",
        "connected_components, 256^3, 8 labels",
        _on_label_maps(lambda s, r, _: s.connected_components(r)),
    ),
    Swap(
        "torchmetrics",
        "hausdorff_distance, 16 x 2 x 256^2",
        _on_slices(lambda s, p, r: s.hausdorff_distance(p, r, num_classes=2)),
        1e-5,
    ),
    Swap(
        "torchmetrics",
        "dice_score, 16 x 2 x 256^2",
        _on_slices(lambda s, p, r: s.dice_score(p, r, num_classes=2)),
        1e-5,
    ),
    Swap("nnunet", "compute_metrics_on_folder_simple, 8 x 256^3, 15 labels", _folder),
)


def _contenders(swap: Swap, one: Library, quick: bool) -> list[Contender]:
    work = swap.prepare(quick)
    ours: SimpleNamespace = drop_in_space(one)
    theirs: SimpleNamespace = peer_space(one)
    name = f"{one.distribution} {installed_version(one)}"
    after = Contender("edgewise", lambda: work(ours), kind="ours", value=swap.value)
    before = Contender(
        name, lambda: work(theirs), like="edgewise", rtol=swap.rtol, value=swap.value
    )
    return [after, before]


def main(arguments: list[str]) -> int:
    """Time the swaps and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benches swap",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--limit", type=float, default=120.0, metavar="S")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--from", type=Path, dest="stored", metavar="FILE",
                        help="take this JSON file, measure nothing")  # fmt: skip
    add_results(parser)
    options = parser.parse_args(arguments)
    if options.page:
        _MARKS.check(options.page, parser)
    document = json.loads(options.stored.read_text()) if options.stored else _measure(options)
    return _MARKS.deliver(document, markdown(document["rows"]), options)


_MARKS = Marks("swap")


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    set_threads(options.threads)
    rows = [
        row
        for swap in SWAPS
        if not options.libraries or swap.library in options.libraries
        for row in _row(swap, options)
    ]
    return {"machine": machine(), "threads": options.threads, "rows": rows}


def _row(swap: Swap, options: argparse.Namespace) -> list[dict[str, Any]]:
    one = library_of(swap.library)
    try:
        contenders = _contenders(swap, one, options.quick)
    except (MissingExtraError, ImportError) as error:
        print(f"skipped  {swap.library}: {error}", file=sys.stderr)
        return []
    print(f"timing {swap.library} {swap.what} ...", file=sys.stderr)
    after, before = race(contenders, rounds=options.rounds, limit=options.limit)
    row: dict[str, Any] = {"library": before.name, "what": swap.what}
    for word, outcome in (("after", after), ("before", before)):
        if outcome.status != "ok":
            row["problem"] = f"{outcome.name}: {outcome.status} {outcome.detail}"
        else:
            row[word] = outcome.median
    return [row]


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table as Markdown; a row whose values differ shows no times."""
    lines = [
        "| library | call | before ms | after ms | times faster |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for row in rows:
        cells = [row["library"], f"`{row['what']}`"]
        if "problem" in row:
            cells += [row["problem"], "", ""]
        else:
            ratio = row["before"] / row["after"]
            cells += [_three(row["before"]), _three(row["after"]), _three(ratio)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _three(number: float) -> str:
    """Three significant digits without an exponent."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
