"""LeNet learns digits by the shipped recipe, and its twin finds them among clutter."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

import time  # noqa: E402

from edgewise.errors import ConfigError  # noqa: E402
from edgewise.models import upsample_scores  # noqa: E402
from edgewise.models.networks.lenet import to_fully_convolutional  # noqa: E402
from edgewise.models.recipes import digits as recipe  # noqa: E402


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in (1, 2, 3))])
def test_the_recipe_names_and_finds_digits(seed, record_property):
    images, labels = recipe.digits()
    seen, unseen = recipe.split(len(images), held_out=397, seed=seed)
    assert not set(seen.tolist()) & set(unseen.tolist())
    start = time.process_time()
    network = recipe.train(images[seen], labels[seen], seed=seed)
    record_property("cpu_seconds", time.process_time() - start)
    right = recipe.accuracy(network, images[unseen], labels[unseen])
    assert right >= 0.97
    canvas = recipe.canvases(images[unseen], labels[unseen], seed=seed)
    assert canvas.image.shape == (200, 1, 128, 128)
    twin = to_fully_convolutional(network)
    off = recipe.distances(twin, canvas)
    assert off.median() <= 4
    # without training, or when asked for another digit, it is lost
    elsewhere = recipe.Canvases(canvas.image, (canvas.digit + 1) % 10, canvas.centre)
    assert recipe.distances(twin, elsewhere).median() > 3 * off.median()


def test_training_repeats_itself_and_leaves_the_global_generator_alone():
    images, labels = torch.rand(80, 1, 32, 32), torch.arange(80) % 10
    before = torch.random.get_rng_state()
    first = recipe.train(images, labels, epochs=1, seed=5)
    again = recipe.train(images, labels, epochs=1, seed=5)
    other = recipe.train(images, labels, epochs=1, seed=6)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True)
    )
    assert not torch.equal(first.fc3.weight, other.fc3.weight)


def test_canvases_hold_their_digit_where_they_say():
    images, labels = recipe.digits()
    canvas = recipe.canvases(images, labels, count=20, noise=0, fragments=0, seed=1)
    for image, centre in zip(canvas.image[:, 0], canvas.centre, strict=True):
        row, column = (centre - 15.5).long().tolist()
        window = image[row : row + 32, column : column + 32]
        assert window.sum() == image.sum() > 0
    with pytest.raises(ConfigError, match="side 20"):
        recipe.canvases(images, labels, side=20)


def test_scores_go_back_to_the_voxels_they_speak_of():
    """Cells are placed at 4 i + 15.5; stretching the map over the image is off at the border."""
    cells = torch.arange(9.0).expand(1, 1, 9, 9)  # column index of each cell
    placed = upsample_scores(cells, (64, 64))
    assert placed.shape == (1, 1, 64, 64)
    columns = torch.arange(64.0)
    expected = ((columns - 15.5) / 4).clamp(0, 8)
    torch.testing.assert_close(placed[0, 0, 10], expected)
    stretched = torch.nn.functional.interpolate(cells, size=(64, 64), mode="bilinear")[0, 0, 10]
    peak_of_last = (stretched - 8).abs().argmin()
    assert (peak_of_last - 47.5).abs() > 4  # where cell 8 is: 4 * 8 + 15.5


@pytest.mark.parametrize("options", [["--epochs", "0"], ["--seeds", "-1"], ["--epochs", "x"]])
def test_numbers_that_cannot_be_are_said(options, capsys):
    with pytest.raises(SystemExit) as stopped:
        recipe.main(options)
    assert stopped.value.code == 2
    assert "must be a whole number from" in capsys.readouterr().err


def test_nothing_or_everything_can_be_held_out():
    for held_out in (0, 3, 7):
        seen, unseen = recipe.split(7, held_out=held_out)
        assert (len(seen), len(unseen)) == (7 - held_out, held_out)
        assert sorted([*seen.tolist(), *unseen.tolist()]) == list(range(7))
    with pytest.raises(ConfigError, match="held_out must be from 0 to 7"):
        recipe.split(7, held_out=8)
