"""What holds for all named losses: gradients, ignored labels, order of the batch, precision."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.models.losses import make_loss  # noqa: E402
from edgewise.models.losses.recipes import RECIPES  # noqa: E402

NAMES = tuple(RECIPES)
DISTANCES = tuple(name for name in NAMES if make_loss(name).measures_distances)
# at a right prediction minus a volume, minus a Dice: the least value is not 0
NOT_ZERO = {"dice_ce", "dice_bce", "dice_boundary", "generalised_dice_boundary"}


def blobs(*, seed=0, classes=3, shape=(2, 9, 8), absent=()):
    """Logits and labels that agree mostly; `absent` classes are nowhere."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int64)
    for label in range(1, classes):
        if label not in absent:
            start = [int(rng.integers(0, n // 2)) for n in shape[1:]]
            box = tuple(slice(s, s + n // 2) for s, n in zip(start, shape[1:], strict=True))
            labels[(slice(None), *box)] = label
    labels = torch.from_numpy(labels)
    noise = torch.from_numpy(rng.normal(size=(shape[0], classes, *shape[1:])))
    return noise + one_hot(labels, classes), labels


def one_hot(labels, classes):
    return torch.nn.functional.one_hot(labels, classes).movedim(-1, 1).double()


@pytest.mark.parametrize("shape", [(2, 9), (2, 6, 5), (2, 4, 5, 4)], ids=["1d", "2d", "3d"])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_finite_differences(name, shape):
    logits, labels = blobs(shape=shape)
    loss = make_loss(name)
    # distance fields of the prediction stay as they are: no logit crosses 0.5 within 1e-6
    assert torch.autograd.gradcheck(lambda x: loss(x, labels), logits.requires_grad_())


@pytest.mark.parametrize("name", NAMES)
def test_ignored_voxels_change_nothing_and_learn_nothing(name):
    logits, labels = blobs()
    labels[:, 2:4, 3:6] = 255
    loss = make_loss(name, ignore_index=255)
    logits.requires_grad_()
    value = loss(logits, labels)
    value.backward()
    ignored = (labels == 255).unsqueeze(1).expand_as(logits)
    assert torch.equal(logits.grad[ignored], torch.zeros(int(ignored.sum())).double())
    assert (logits.grad[~ignored] != 0).double().mean() > 0.3
    other = (
        logits.detach()
        + 5 * torch.randn(logits.shape, generator=torch.Generator().manual_seed(3)) * ignored
    )
    assert float(loss(other, labels)) == pytest.approx(value.item(), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_ignored_voxels_gives_a_number_and_no_gradient(name):
    logits, labels = blobs()
    logits.requires_grad_()
    value = make_loss(name, ignore_index=7)(logits, torch.full_like(labels, 7))
    value.backward()
    assert torch.isfinite(value)
    assert not logits.grad.any()


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_the_batch_does_not_matter(name):
    logits, labels = blobs(shape=(3, 9, 8))
    labels[1] = torch.roll(labels[1], 2, dims=0)
    loss, order = make_loss(name), [2, 0, 1]
    value = float(loss(logits, labels))
    assert float(loss(logits[order], labels[order])) == pytest.approx(value, abs=1e-12)
    assert float(loss(logits[order], labels)) != pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_no_class_needs_to_be_there(name):
    loss = make_loss(name)
    for absent in ((1,), (2,), (1, 2)):
        logits, labels = blobs(absent=absent)
        logits.requires_grad_()
        value = loss(logits, labels)
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", NAMES)
def test_extreme_logits_give_finite_gradients(name):
    _, labels = blobs()
    for size in (200, -200, 1e4, -1e4):  # sure and right, sure and wrong
        logits = (size * (2 * one_hot(labels, 3) - 1)).float().requires_grad_()
        value = make_loss(name)(logits, labels)
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NOT_ZERO])
def test_a_sure_and_right_prediction_costs_nothing(name):
    _, labels = blobs()
    logits = 60 * (2 * one_hot(labels, 3) - 1)
    value = float(make_loss(name)(logits, labels))
    assert value == pytest.approx(0, abs=1e-4)  # clDice smooths its mean by 1e-4
    assert float(make_loss(name)(-logits, labels)) > 0.3


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n not in ("binary_cross_entropy", "dice_bce")]
)
def test_a_class_that_is_masked_out_is_never_predicted(name):
    """Minus infinity in a softmax: the others as if there were one class less."""
    logits, labels = blobs(absent=(2,))
    logits[:, 2] = -torch.inf
    logits.requires_grad_()
    value = make_loss(name)(logits, labels)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()
    finite = logits.detach().clamp_min(-1e4)
    assert value.item() == pytest.approx(make_loss(name)(finite, labels).item(), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_costs_less_than_the_right_prediction(name):
    _, labels = blobs()
    loss = make_loss(name)
    least = float(loss(40 * (2 * one_hot(labels, 3) - 1), labels))
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        other = 3 * torch.randn((2, 3, 9, 8), generator=generator, dtype=torch.float64)
        assert float(loss(other, labels)) > least + 1e-3


@pytest.mark.parametrize("name", [n for n in NAMES if n not in DISTANCES and "cl" not in n])
def test_the_order_of_the_voxels_does_not_matter(name):
    logits, labels = blobs()
    order = torch.randperm(72, generator=torch.Generator().manual_seed(0))
    moved = (x.flatten(-2)[..., order].unflatten(-1, (9, 8)) for x in (logits, labels))
    expected = float(make_loss(name)(logits, labels))
    assert float(make_loss(name)(*moved)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_the_layout_of_the_memory_does_not_matter(name):
    logits, labels = blobs(shape=(2, 4, 5, 6))
    before = logits.clone(), labels.clone()
    loss = make_loss(name)
    wanted = logits.clone().requires_grad_()
    loss(wanted, labels).backward()
    wide, tall = torch.zeros(2, 3, 4, 5, 12).double(), torch.zeros(6, 5, 4, 2, dtype=torch.long)
    wide[..., ::2] = logits
    tall[:] = labels.permute(3, 2, 1, 0)
    for other in (
        wide[..., ::2],
        logits.contiguous(memory_format=torch.channels_last_3d),
        logits.flip(-1).contiguous().flip(-1),
    ):
        x = other.detach().requires_grad_()
        value = loss(x, tall.permute(3, 2, 1, 0))
        value.backward()
        assert value.item() == pytest.approx(loss(logits, labels).item(), abs=1e-12)
        torch.testing.assert_close(x.grad, wanted.grad, rtol=0, atol=1e-12)
    assert torch.equal(logits, before[0])  # and nothing of the caller's has changed
    assert torch.equal(labels, before[1])


@pytest.mark.parametrize("name", NAMES)
def test_axes_of_length_1_do_not_matter(name):
    logits, labels = blobs()
    expected = float(make_loss(name)(logits, labels))
    for axis in (1, 2, 3):
        flat = logits.unsqueeze(axis + 1), labels.unsqueeze(axis)
        assert float(make_loss(name)(*flat)) == pytest.approx(expected, abs=1e-12)
    one = make_loss(name)(logits[:1, :, :1, :1], labels[:1, :1, :1])
    assert torch.isfinite(one)


@pytest.mark.parametrize("name", [n for n in NAMES if not n.endswith(("_entropy", "_ce", "_bce"))])
def test_one_channel_is_the_foreground_of_two(name):
    """The sigmoid of z is the softmax of 0 and z; the focal loss counts both sides in any case."""
    logits, labels = blobs(classes=2)
    options = {} if name in ("focal", "dice_focal") else {"include_background": False}
    expected = make_loss(name, **options)(logits, labels).item()
    one = logits[:, 1:] - logits[:, :1]
    found = make_loss(name, activation="sigmoid")(one, labels)
    assert found.item() == pytest.approx(expected, abs=1e-12)


def test_binary_cross_entropy_is_the_cross_entropy_of_two_classes():
    logits, labels = blobs(classes=2)
    one = make_loss("binary_cross_entropy")(logits[:, 1:] - logits[:, :1], labels)
    both = make_loss("cross_entropy")(logits, labels)
    assert one.item() == pytest.approx(both.item(), abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_computed_in_single(name, dtype):
    logits, labels = blobs()
    logits = logits.to(dtype)
    loss = make_loss(name)
    expected = loss(logits.float(), labels)
    logits.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(logits, labels)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(float(expected), rel=1e-6)
    value.backward()
    assert logits.grad.dtype == dtype
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_type_of_the_labels_does_not_matter(name):
    logits, labels = blobs()
    expected = float(make_loss(name)(logits, labels))
    for dtype in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.uint16):
        assert float(make_loss(name)(logits, labels.to(dtype))) == expected


@pytest.mark.parametrize("name", DISTANCES)
def test_spacing_changes_distances(name):
    logits, labels = blobs()
    base = float(make_loss(name)(logits, labels))
    assert float(make_loss(name, spacing=(1.0, 1.0))(logits, labels)) == base
    assert float(make_loss(name, spacing=(2.0, 0.5))(logits, labels)) != pytest.approx(base)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("cross_entropy", "dice_ce")])
def test_masks_say_the_same_as_labels(name):
    logits, labels = blobs()
    masks = one_hot(labels, 3)
    expected = float(make_loss(name)(logits, labels))
    for given in (masks, masks.bool(), masks.to(torch.uint8)):
        assert float(make_loss(name)(logits, given)) == pytest.approx(expected, abs=1e-12)
