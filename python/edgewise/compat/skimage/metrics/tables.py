"""How often each label of one map meets each of another, and the metrics of that table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgewise._arguments import as_label_map, as_same_order, as_threads
from edgewise._extras import require
from edgewise.metrics.joint import joint_histogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["adapted_rand_error", "contingency_table", "variation_of_information"]


class _Cells(NamedTuple):
    """The pairs of labels that occur, ascending, and the elements of each that count."""

    rows: NDArray[Any]
    columns: NDArray[Any]
    counts: NDArray[np.float64]


def adapted_rand_error(
    image_true: Any = None,
    image_test: Any = None,
    *,
    table: Any = None,
    ignore_labels: Any = (0,),
    alpha: float = 0.5,
    corrected: bool = False,
) -> tuple[np.float64, np.float64, np.float64]:
    """Return the adapted Rand error with its precision and recall, of pairs of elements.

    Parameters
    ----------
    image_true, image_test : array of integers, at least 0
        One shape.
    table : sparse array, optional
        A `contingency_table` of type "array", used instead of the images.
    ignore_labels : sequence of int, default (0,)
        Elements with these labels in `image_true` do not count.
    alpha : float, default 0.5
        Weight of precision and recall, 0 to 1.
    corrected : bool, default False
        Accept a table of type "matrix" as well, which is what `contingency_table` returns.

    Returns
    -------
    error, precision, recall : numpy.float64
        Precision divides by the pairs of `image_true`, recall by those of `image_test`. 0/0 is NaN,
        with a RuntimeWarning.

    Raises
    ------
    ValueError
        If the shapes differ, a label is negative, there is no element, `alpha` is not between 0 and
        1, or `table` is of type "matrix".
    TypeError
        If the labels are not integers.
    AttributeError
        If there are neither images nor a table.
    """
    if image_test is not None and image_true is not None:
        _check_shapes(image_true, image_test)
    if table is None:
        cells = _cells(image_true, image_test, ignore_labels)
        data, rows, columns = cells.counts, _margin(cells, 0), _margin(cells, 1)
    else:
        data, rows, columns = table.data, table.sum(axis=1).ravel(), table.sum(axis=0).ravel()
        if corrected:
            rows, columns = np.asarray(rows).ravel(), np.asarray(columns).ravel()
    if alpha < 0.0 or alpha > 1.0:
        message = f"alpha must be between 0 and 1, got {alpha}"
        raise ValueError(message)
    together, of_true, of_test = (_pairs(sizes) for sizes in (data, rows, columns))
    with_both = together / (alpha * of_true + (1 - alpha) * of_test)
    return 1.0 - with_both, together / of_true, together / of_test


def variation_of_information(
    image0: Any = None,
    image1: Any = None,
    *,
    table: Any = None,
    ignore_labels: Any = (),
    corrected: bool = False,
) -> NDArray[np.float64]:
    """Return the two conditional entropies of two label maps, in bits.

    Parameters
    ----------
    image0, image1 : array of integers, at least 0
        One shape.
    table : sparse or other array, optional
        A `contingency_table`, used as it is, normalized or not.
    ignore_labels : sequence of int, default ()
        Elements with these labels in `image0` do not count.
    corrected : bool, default False
        Do not ask for images beside a table.

    Returns
    -------
    array of float64, shape (2,)
        Of `image1` given `image0` (splits), of `image0` given `image1` (merges). NaN if no element
        counts.

    Raises
    ------
    ValueError
        If the shapes differ, a label is negative, or there is no element.
    TypeError
        If the labels are not integers.
    AttributeError
        If the images are missing.
    """
    if table is None or not corrected:
        _check_shapes(image0, image1)
    if table is None:
        cells = _cells(image0, image1, ignore_labels)
        total = cells.counts.sum()
    else:
        found = require("scipy.sparse", extra="scipy").coo_array(table)
        cells, total = _Cells(found.row, found.col, found.data), 1.0
    return np.array([_entropy(cells, 0, total), _entropy(cells, 1, total)])


def contingency_table(
    im_true: Any,
    im_test: Any,
    *,
    ignore_labels: Any = None,
    normalize: bool = False,
    sparse_type: str = "matrix",
) -> Any:
    """Return how many elements have each pair of labels.

    Parameters
    ----------
    im_true, im_test : array of integers, at least 0
        One number of elements.
    ignore_labels : sequence of int, optional
        Elements with these labels in `im_true` count as 0; their pairs stay in the table.
    normalize : bool, default False
        Divide by the number of elements that count.
    sparse_type : {"matrix", "array"}, default "matrix"

    Returns
    -------
    scipy.sparse.csr_matrix or scipy.sparse.csr_array of float64
        One row per label of `im_true` up to the largest, one column per label of `im_test`.

    Raises
    ------
    ValueError
        If a label is negative, there is no element, the numbers of elements differ, or
        `sparse_type` is neither of the two.
    TypeError
        If the labels are not integers.
    """
    cells = _cells(im_true, im_test, ignore_labels)
    counts = cells.counts
    if normalize:
        with np.errstate(all="warn"):
            counts = counts / counts.sum()
    sparse = require("scipy.sparse", extra="scipy")
    table = sparse.csr_array((counts, (cells.rows, cells.columns)))
    if sparse_type == "matrix":
        return sparse.csr_matrix(table)
    if sparse_type != "array":
        message = f'sparse_type must be "array" or "matrix", got {sparse_type!r}'
        raise ValueError(message)
    return table


def _check_shapes(first: Any, second: Any) -> None:
    if first.shape != second.shape:
        message = f"images must have one shape, got {first.shape} and {second.shape}"
        raise ValueError(message)


def _cells(im_true: Any, im_test: Any, ignore_labels: Any) -> _Cells:
    if im_true.shape != im_test.shape:
        im_test, im_true = im_test.reshape(-1), im_true.reshape(-1)
    if not (im_true.size and im_test.size):
        message = "images must have at least one element"
        raise ValueError(message)
    for image in (im_true, im_test):
        if image.dtype.kind not in "iu":
            message = f"labels must be integers, got {image.dtype}"
            raise TypeError(message)
    if im_true.shape != im_test.shape:
        message = f"images must have one size, got {im_true.size} and {im_test.size}"
        raise ValueError(message)
    maps = as_same_order(*(_map(image) for image in (im_true, im_test)))
    pairs = joint_histogram(*maps, None, as_threads("auto")).joint
    cells = np.array(list(pairs), np.int64)
    rows, columns = cells[:, 0].astype(im_true.dtype), cells[:, 1].astype(im_test.dtype)
    if min(rows.min(), columns.min()) < 0:
        message = "labels must not be negative"
        raise ValueError(message)
    counts = np.fromiter(pairs.values(), np.float64, len(pairs))
    if ignore_labels is not None:
        counts[np.isin(rows, ignore_labels)] = 0.0
    return _Cells(rows, columns, counts)


def _map(image: Any) -> NDArray[Any]:
    return as_label_map(np.atleast_1d(image), allow_negative_labels=True)


def _margin(cells: _Cells, side: int) -> NDArray[np.float64]:
    """Return the sizes of the labels of one map."""
    _, places = np.unique(cells[side], return_inverse=True)
    sizes: Any = np.bincount(places, cells.counts)
    return sizes  # type: ignore[no-any-return]


def _pairs(sizes: Any) -> Any:
    """Return the ordered pairs of different elements that share a label."""
    return sizes @ sizes - sizes.sum()


def _entropy(cells: _Cells, given: int, total: Any) -> np.float64:
    """Return the entropy, in bits, of one map's labels where those of the other are known."""
    if np.isnan(cells.counts).any() or not total:
        return np.float64(np.nan)
    counting = cells.counts != 0
    kept = _Cells(*(column[counting] for column in cells))
    _, places = np.unique(kept[given], return_inverse=True)
    sizes = np.bincount(places, kept.counts)[places]
    return np.float64(-(kept.counts * np.log2(kept.counts / sizes)).sum() / total)
