"""The fully connected CRF: stored results of pydensecrf2, every voxel beside every other, laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgewise.errors import ConfigError, LabelError, ShapeError, SpacingError
from edgewise.methods import dense_crf, label_probabilities
from oracles import dense_crf as oracle
from strategies import any_shape

PARITY = 1e-4  # the same lattice in another order of sums
EXACT = 3e-3  # what the lattice costs
PLANE = {"sigma_bilateral": 20, "sigma_intensity": 13}  # of the stored planes, else defaults
VOLUME = {"spacing": (2, 1, 1), "sigma": 3, "sigma_bilateral": 5, "sigma_intensity": 20}


@pytest.fixture(scope="module")
def stored(zoo_arrays):
    return zoo_arrays("densecrf_pydensecrf2")


def plane(stored, **options):
    image = np.moveaxis(stored["rgb2d/image"], -1, 0)
    return dense_crf(stored["rgb2d/prob"], image, **{**PLANE, **options})


def volume(stored, **options):
    return dense_crf(stored["vol/prob"], stored["vol/image"][None], **{**VOLUME, **options})


def apart(found, expected):
    return np.abs(found.astype(np.float64) - expected).max()


def case(shape, labels=3, channels=1, seed=0):
    """Probabilities and an image with two halves."""
    rng = np.random.default_rng(seed)
    truth = np.indices(shape)[-1] * labels // shape[-1]
    logits = (truth == np.arange(labels).reshape(-1, *[1] * len(shape))) + rng.normal(
        0, 0.7, (labels, *shape)
    )
    image = 60.0 * truth + rng.normal(0, 8, (channels, *shape))
    return oracle.softmax(logits).astype(np.float32), image.astype(np.float32)


@pytest.mark.parametrize("iterations", [0, 1, 2, 5, 10])
def test_planes_are_pydensecrfs(stored, iterations):
    found = plane(stored, iterations=iterations)
    assert apart(found, stored[f"rgb2d/Q{iterations}"]) <= PARITY


@pytest.mark.parametrize("normalization", ["none", "before", "after"])
def test_normalizations_are_pydensecrfs(stored, normalization):
    expected = stored[f"rgb2d/norm_{normalization}_Q5"]
    assert apart(plane(stored, normalization=normalization), expected) <= PARITY
    assert apart(plane(stored), expected) > 10 * PARITY


def test_a_matrix_of_costs_is_pydensecrfs(stored):
    costs = stored["rgb2d/compat_matrix"]
    options = {"compatibility": costs, "weight": 0, "weight_bilateral": 1}
    options |= {"sigma_bilateral": (25, 15), "sigma_intensity": (10, 12, 14)}
    expected = stored["rgb2d/matrix_compat_Q5"]
    assert apart(plane(stored, **options), expected) <= PARITY
    swapped = options | {"sigma_bilateral": (15, 25)}
    assert apart(plane(stored, **swapped), expected) > 10 * PARITY


def test_positions_alone_are_pydensecrfs(stored):
    expected = stored["rgb2d/gauss_only_Q5"]
    assert apart(dense_crf(stored["rgb2d/prob"]), expected) <= PARITY
    assert apart(plane(stored, weight_bilateral=0), expected) <= PARITY


@pytest.mark.parametrize("iterations", [1, 5])
def test_volumes_are_pydensecrfs(stored, iterations):
    expected = stored[f"vol/Q{iterations}"]
    assert apart(volume(stored, iterations=iterations), expected) <= PARITY
    assert apart(volume(stored, iterations=iterations, spacing=(1, 1, 1)), expected) > 1e-2


def test_other_parameters_give_other_numbers(stored):
    for options in [{"sigma": 3.1}, {"sigma_intensity": 13.5}, {"weight": 3.1}, {"clip": 0.2}]:
        assert apart(plane(stored, **options), stored["rgb2d/Q5"]) > PARITY, options


def test_the_lattice_is_near_the_exact_mean_field(stored):
    exact = stored["rgb2d/exact_Q5"]
    assert apart(plane(stored), exact) <= EXACT
    assert apart(plane(stored, method="grid"), exact) <= EXACT
    given = stored["rgb2d/prob"]
    matrix = oracle.normalized(oracle.kernel((40, 50), (3, 3)), "symmetric")
    alone = oracle.mean_field(given, [(3, matrix)], iterations=5)
    assert apart(dense_crf(given, method="grid"), alone) <= 1e-4


def test_the_divergence_falls_as_pydensecrfs_does(stored):
    given = stored["rgb2d/prob"]
    matrix = oracle.normalized(oracle.kernel((40, 50), (3, 3)), "symmetric")
    values = [
        oracle.divergence(dense_crf(given, iterations=n), given, 3, matrix) for n in range(1, 6)
    ]
    assert (np.diff(values) < 0).all()
    # theirs is with the lattice's sums, this with exact ones
    np.testing.assert_allclose(values, stored["rgb2d/gauss_only_KL"], rtol=5e-3)


@settings(max_examples=40)
@given(
    shape=any_shape(max_voxels=400),
    labels=st.integers(1, 5),
    normalization=st.sampled_from(["symmetric", "before", "after"]),
    seed=st.integers(0, 99),
)
def test_probabilities_are_near_those_of_all_pairs(shape, labels, normalization, seed):
    given, image = case(shape, labels, seed=seed)
    sigma, sigma_bilateral = 1.5, 4.0
    near = oracle.kernel(shape, [sigma] * len(shape))
    alike = oracle.kernel(shape, [sigma_bilateral] * len(shape), image, [20])
    terms = [(1, oracle.normalized(near, normalization))]
    options = {"sigma": sigma, "weight": 1, "normalization": normalization, "iterations": 3}
    exact = oracle.mean_field(given, terms, iterations=3)
    assert apart(dense_crf(given, method="grid", **options), exact) <= 1e-4
    terms.append((1, oracle.normalized(alike, normalization)))
    exact = oracle.mean_field(given, terms, iterations=3)
    options |= {"sigma_bilateral": sigma_bilateral, "sigma_intensity": 20, "weight_bilateral": 1}
    for method in ("lattice", "grid"):
        found = dense_crf(given, image, method=method, **options)
        assert found.dtype == np.float32
        assert apart(found.sum(axis=0), 1) <= 1e-5
        assert apart(found, exact) <= 0.08  # few points lie unluckily in few simplices
        assert np.abs(found - exact).mean() <= 0.03
        ordered = np.sort(exact, axis=0)
        clear = np.ones(shape, bool) if labels == 1 else ordered[-1] - ordered[-2] > 0.1
        np.testing.assert_array_equal(found.argmax(0)[clear], exact.argmax(0)[clear])


@pytest.mark.parametrize("include_self", [True, False])
def test_a_voxel_may_be_left_out_of_its_own_message(include_self):
    given, image = case((20, 20), 3)
    gaussian = oracle.kernel((20, 20), (1, 1))

    def exact(include_self):
        terms = [(1, oracle.normalized(gaussian, "symmetric", include_self))]
        return oracle.mean_field(given, terms, iterations=4)

    options = {"sigma": 1, "weight": 1, "iterations": 4, "include_self": include_self}
    found = dense_crf(given, **options)
    right, wrong = (np.abs(found - exact(side)).mean() for side in (include_self, not include_self))
    assert right < 0.2 * wrong
    # together with a filter of positions and image: convolved or not, the same voxels are left out
    mixed = dense_crf(given, image, **options)
    other = dense_crf(given, image, method="grid", **options)
    assert np.abs(mixed - other).mean() < 0.2 * wrong


@pytest.mark.parametrize("normalization", ["symmetric", "before", "after", "none"])
def test_convolution_leaves_a_voxel_out_exactly(normalization):
    given, _ = case((9, 17), 2)
    gaussian = oracle.kernel((9, 17), (1.2, 2.5))
    weight = 0.1 if normalization == "none" else 2
    terms = [(weight, oracle.normalized(gaussian, normalization, include_self=False))]
    found = dense_crf(
        given,
        sigma=(1.2, 2.5),
        weight=weight,
        normalization=normalization,
        include_self=False,
        method="grid",
    )
    assert apart(found, oracle.mean_field(given, terms, iterations=5)) <= 1e-4


def test_without_iterations_or_weights_probabilities_stay():
    given, image = case((15, 22), 4)
    expected = oracle.mean_field(given, [], iterations=0)
    nothing = dense_crf(given, image, iterations=0)
    assert apart(nothing, expected) <= 1e-6
    for options in [{"weight": 0, "weight_bilateral": 0}, {"weight": 0, "method": "grid"}]:
        picture = image if "weight_bilateral" in options else None
        np.testing.assert_array_equal(dense_crf(given, picture, **options), nothing)
    raised = dense_crf([[0.0, 1.0], [1.0, 0.0]], iterations=0, clip=0.25)
    np.testing.assert_allclose(raised, [[0.2, 0.8], [0.8, 0.2]], rtol=1e-6)


def test_probabilities_need_not_be_exact():
    given, image = case((12, 13), 3)
    expected = dense_crf(given, image)
    # only ratios count, and one minus a rounded probability may be a little less than 0
    assert apart(dense_crf(given * 0.5, image, clip=5e-6), expected) <= 1e-5
    off = np.where(given == given.min(axis=0), -1e-7, given)
    zero = np.where(given == given.min(axis=0), 0, given)
    np.testing.assert_array_equal(dense_crf(off, image), dense_crf(zero, image))
    # nothing known is nothing said
    nothing = dense_crf(np.zeros((4, 5, 6)))
    np.testing.assert_array_equal(nothing, np.full((4, 5, 6), 0.25))
    for kind in (bool, int):
        hard = dense_crf((given > 0.5).astype(kind), image)
        np.testing.assert_array_equal(hard, dense_crf((given > 0.5).astype(float), image))


def test_strong_weights_leave_probabilities():
    given, image = case((12, 13), 3)
    for options in [{"weight": 1e9}, {"weight": -1e9}, {"normalization": "none", "weight": 1e9}]:
        found = dense_crf(given, image, weight_bilateral=1e9, clip=1e-30, **options)
        assert apart(found.sum(axis=0), 1) <= 1e-5
    hot = given == given.max(axis=0)
    swayed = dense_crf(hot, weight=400, clip=1e-30, sigma=50, method="grid", iterations=1)
    exact = oracle.normalized(oracle.kernel((12, 13), (50, 50)), "symmetric")
    expected = oracle.mean_field(hot, [(400, exact)], iterations=1, clip=1e-30)
    assert apart(swayed, expected) <= 1e-3  # energies of more than 87: exp is cut off there


def test_costs_of_one_are_potts():
    given, image = case((12, 13), 4)
    equal = dense_crf(given, image, compatibility=1 - np.eye(4))
    assert apart(dense_crf(given, image), equal) <= 1e-5
    assert apart(dense_crf(given, image, compatibility=2 - 2 * np.eye(4)), equal) > 1e-3


@pytest.mark.parametrize("labels", [2, 5, 9, 21])
def test_labels_have_no_order(labels):
    given, image = case((30, 41), labels)
    order = np.random.default_rng(1).permutation(labels)
    costs = np.abs(np.subtract.outer(np.arange(labels), np.arange(labels))) / labels
    for options in [{}, {"compatibility": costs}]:
        found = dense_crf(given, image, **options)
        if options:
            options = {"compatibility": costs[np.ix_(order, order)]}
        assert apart(dense_crf(given[order], image, **options), found[order]) <= 1e-5


def test_many_labels_go_in_groups():
    given, image = case((10, 14), 21)
    kernels = [oracle.kernel((10, 14), (3, 3)), oracle.kernel((10, 14), (6, 6), image, [25])]
    terms = [(2, oracle.normalized(one, "symmetric")) for one in kernels]
    found = dense_crf(
        given, image, weight=2, weight_bilateral=2, sigma_bilateral=6, sigma_intensity=25
    )
    assert np.abs(found - oracle.mean_field(given, terms, iterations=5)).mean() <= 1e-3


def test_a_uniform_image_adds_nothing_but_positions():
    given, _ = case((25, 31))
    options = {"weight": 0, "sigma_bilateral": 3, "weight_bilateral": 3}
    for channels in (1, 3):
        flat = np.full((channels, 25, 31), 77.0)
        found = dense_crf(given, flat, **options)
        assert np.abs(found - dense_crf(given)).mean() <= 5e-3  # lattices of other dimensions
        assert (found.argmax(0) == dense_crf(given).argmax(0)).mean() > 0.99


def test_axes_may_be_swapped():
    given, image = case((33, 47))
    found = dense_crf(given, image, sigma_bilateral=(8, 6), spacing=(2, 1))
    turned = dense_crf(
        given.swapaxes(1, 2), image.swapaxes(1, 2), sigma_bilateral=(6, 8), spacing=(1, 2)
    )
    assert np.abs(turned.swapaxes(1, 2) - found).mean() <= 1e-3
    assert np.abs(turned.swapaxes(1, 2) - found).max() <= 0.1


@given(scale=st.sampled_from([0.25, 0.5, 2, 3, 7.3]), ndim=st.integers(2, 3))
@settings(max_examples=10)
def test_only_sigma_over_spacing_matters(scale, ndim):
    shape = (11, 7, 9)[:ndim]
    spacing = np.array([3.0, 0.8, 1.1][:ndim])
    given, image = case(shape)
    options = {"sigma_intensity": 20}
    found = dense_crf(given, image, spacing=spacing, sigma=3, sigma_bilateral=6, **options)
    scaled = dense_crf(
        given, image, spacing=spacing * scale, sigma=3 * scale, sigma_bilateral=6 * scale, **options
    )
    assert apart(scaled, found) <= 1e-5
    assert apart(dense_crf(given, image, sigma=3, sigma_bilateral=6, **options), found) > 1e-4


@pytest.mark.parametrize(("labels", "shape"), [(2, (35, 40, 50)), (9, (260, 257)), (3, (70001,))])
def test_threads_change_nothing(labels, shape):
    given, image = case(shape, labels)
    options = {"sigma_bilateral": 5, "sigma_intensity": 15, "iterations": 2}
    for method in ("lattice", "grid"):
        one = dense_crf(given, image, threads=1, method=method, **options)
        for threads in (2, 5):
            other = dense_crf(given, image, threads=threads, method=method, **options)
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", ["u1", "i2", ">f4", "f8", "f2"])
def test_types_and_memory_orders_change_nothing(dtype):
    given, image = case((13, 18), 3, channels=2)
    image = np.clip(np.rint(image), 0, 250)
    expected = dense_crf(given, image)
    for picture in (
        image.astype(dtype),
        np.asfortranarray(image.astype(dtype)),
        np.repeat(image.astype(dtype), 2, axis=-1)[..., ::2],
    ):
        np.testing.assert_array_equal(dense_crf(given, picture), expected)
    for array in (
        given.astype(np.float64),
        np.asfortranarray(given),
        given[:, ::-1][:, ::-1],
        given.astype(">f4"),
        given.tolist(),
    ):
        np.testing.assert_array_equal(dense_crf(array, image), expected)
    before = given.copy()
    dense_crf(given, image)
    np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize("channels", [4, 9, 14, 40])
def test_any_number_of_channels(channels):
    shape = (9, 11)
    given, image = case(shape, 2, channels)
    image = 60 * (np.indices(shape)[1] > 5) + 0.2 * (image % 5)
    widths = np.full(channels, 20.0 * channels**0.5)
    found = dense_crf(given, image, sigma_intensity=widths, sigma_bilateral=5, weight=0)
    kernel = oracle.kernel(shape, (5, 5), image, widths)
    terms = [(10, oracle.normalized(kernel, "symmetric"))]
    exact = oracle.mean_field(given, terms, iterations=5)
    assert np.abs(found - exact).mean() <= 5e-3
    assert apart(found.sum(axis=0), 1) <= 1e-5


def test_coordinates_beyond_16_bits_do_not_wrap_around():
    # two halves 40,000 steps of the lattice apart, which 16 bits would bring together
    given, _ = case((6, 8), 2)
    halves = np.broadcast_to(np.arange(8) >= 4, (6, 8))
    found, expected = (
        dense_crf(given, gap * halves[None], sigma_intensity=1, sigma_bilateral=4, weight=0)
        for gap in (65536.0 / 4, 100.0)
    )
    assert apart(found, expected) <= 1e-3
    for options, what in [
        ({"sigma": 1e-7}, "positions along axis 1 are up to"),
        ({"sigma": (1e-7, 1)}, "positions along axis 0 are up to"),
        ({"image": 1e9 * halves[None], "sigma_intensity": 1}, "values of channel 0 of the image"),
    ]:
        with pytest.raises(ValueError, match=rf"{what}.* the sigma must be larger"):
            dense_crf(given, **options)


def test_label_maps_become_probabilities():
    found = label_probabilities([[0, 2], [-1, 1]], 3, confidence=0.5, unknown=-1)
    np.testing.assert_allclose(found[:, 0, 0], [0.5, 0.25, 0.25])
    np.testing.assert_allclose(found[:, 0, 1], [0.25, 0.25, 0.5])
    np.testing.assert_allclose(found[:, 1, 0], [1 / 3] * 3)
    with pytest.raises(LabelError, match="labels must be 0 to 1, found 2"):
        label_probabilities([0, 2], 2, confidence=0.9)
    with pytest.raises(ConfigError, match="classes"):
        label_probabilities([0, 0], 1, confidence=0.9)
    with pytest.raises(ConfigError, match="confidence"):
        label_probabilities([0, 1], 2, confidence=1.0)
    with pytest.raises(LabelError, match="labels must be 0 to 1 or 7, found -1; unknown"):
        label_probabilities([0, -1, 7], 2, confidence=0.9, unknown=7)
    with pytest.raises(ConfigError, match="classes must be a whole number of at least 2"):
        label_probabilities([0, 1], 2.0, confidence=0.9)
    with pytest.raises(ConfigError, match="unknown must be a whole number"):
        label_probabilities([0, 1], 2, confidence=0.9, unknown=np.nan)


@pytest.mark.parametrize(
    ("error", "match", "options"),
    [
        (SpacingError, "spacing", {"spacing": (1, 0)}),
        (ConfigError, "sigma must be finite", {"sigma": 0}),
        (ConfigError, r"sigma must be one number or one per axis \(2\)", {"sigma": (1, 2, 3)}),
        (ConfigError, "sigma_bilateral", {"sigma_bilateral": np.nan}),
        (ConfigError, "one per channel", {"sigma_intensity": (1, 2, 3)}),
        (ConfigError, "weight must be one finite number, got inf", {"weight": np.inf}),
        (ConfigError, "weight must be one finite number, got '3'", {"weight": "3"}),
        (ConfigError, "weight_bilateral must be one finite", {"weight_bilateral": [1, 2]}),
        # in single precision they would be infinite, or nothing
        (ConfigError, r"weight must be at most 1e\+09, got 1e\+300", {"weight": 1e300}),
        (ConfigError, "compatibility must be finite", {"compatibility": 1e200 * np.eye(2)}),
        (ConfigError, "sigma must be 1e-30 to 1e30 times the step", {"spacing": 1e-300}),
        (ConfigError, "sigma_intensity must be 1e-30", {"sigma_intensity": 1e-50}),
        (ConfigError, "clip must lie between 1e-30 and 1", {"clip": 1e-60}),
        (ConfigError, "sigma must be one number or one per axis", {"sigma": "wide"}),
        (ConfigError, "compatibility must be 'potts' or", {"compatibility": [["a", 0], [0, 1]]}),
        (ConfigError, "iterations", {"iterations": 2**70}),
        (ConfigError, "iterations", {"iterations": -1}),
        (ConfigError, "iterations", {"iterations": 2.0}),
        (ConfigError, "clip", {"clip": 0}),
        (ConfigError, "normalization", {"normalization": "both"}),
        (ConfigError, "method", {"method": "fast"}),
        (ConfigError, "compatibility", {"compatibility": "pots"}),
        (ConfigError, "symmetric", {"compatibility": [[0, 1], [2, 0]]}),
        (ShapeError, r"compatibility must have shape \(2, 2\)", {"compatibility": np.eye(3)}),
        (ConfigError, "threads", {"threads": 0}),
    ],
)
def test_what_makes_no_sense_is_refused(error, match, options):
    given, image = case((4, 5), 2)
    with pytest.raises(error, match=match):
        dense_crf(given, image, **options)


def test_arrays_that_make_no_sense_are_refused():
    given, image = case((4, 5), 2)
    with pytest.raises(LabelError, match="softmax"):
        dense_crf(given * 5)
    with pytest.raises(LabelError, match="found NaN"):
        dense_crf(np.where(given > 0.5, np.nan, given))
    with pytest.raises(LabelError, match="softmax"):
        dense_crf(given - 0.9)
    with pytest.raises(ShapeError, match="axis of labels"):
        dense_crf(given[:, 0, 0])
    with pytest.raises(ShapeError, match="channels come first"):
        dense_crf(given, image[0])
    for value in (np.nan, np.inf, 1e300):  # the last overflows single precision
        with pytest.raises(ConfigError, match="image must be finite"):
            dense_crf(given, np.full((1, 4, 5), value))
    with pytest.raises(TypeError, match="numbers"):
        dense_crf(given, image.astype(complex))
