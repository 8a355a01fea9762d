"""fit: the log, precision, clipping, losses, deep supervision, trainings that go wrong."""

import csv
import json
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

from edgewise.errors import ConfigError, EdgewiseError, ShapeError  # noqa: E402
from edgewise.models.losses import make_loss  # noqa: E402
from edgewise.models.training import Augmentation, fit  # noqa: E402

SHORT = {"patch_size": (16, 16), "iterations_per_epoch": 3, "epochs": 2, "lr": 0.01, "tell": None}


def test_the_log_has_a_row_per_epoch_and_a_column_per_value(network, pictures, tmp_path):
    lines = []
    result = fit(
        network(), pictures(3), validation=pictures(1, seed=1), metrics=["dice", "nsd@2mm"],
        checkpoint_dir=tmp_path, **{**SHORT, "tell": lines.append},
    )  # fmt: skip
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "epoch", "step", "lr", "loss", "loss_dice", "loss_cross_entropy", "grad_norm", "seconds",
        "dice", "dice[1]", "dice[2]", "nsd@2mm", "nsd@2mm[1]", "nsd@2mm[2]",
    ]  # fmt: skip
    assert [(row["epoch"], row["step"]) for row in rows] == [("1", "3"), ("2", "6")]
    for row, kept in zip(rows, result.history, strict=True):
        assert float(row["loss"]) == kept["loss"]
        parts = float(row["loss_dice"]) + float(row["loss_cross_entropy"])
        assert float(row["loss"]) == pytest.approx(parts, abs=1e-6)
        assert float(row["dice"]) == kept["dice"]
        assert float(row["seconds"]) > 0
        assert float(row["grad_norm"]) > 0
    assert float(rows[0]["lr"]) == pytest.approx(0.01 * (1 - 2 / 6) ** 0.9)
    assert lines[0].startswith("epoch 1/2  loss ")
    assert "dice" in lines[1]
    assert "of epoch 1" in lines[1]
    assert lines[-1].startswith("epoch 2: dice ")


def test_the_folder_of_a_run(network, pictures, tmp_path):
    model = network()
    result = fit(
        model, pictures(2), validation=pictures(1, seed=1), checkpoint_dir=tmp_path / "new" / "run",
        **SHORT,
    )  # fmt: skip
    run = tmp_path / "new" / "run"
    assert sorted(p.name for p in run.iterdir()) == [
        "cases.csv", "checkpoint", "log.csv", "progress.svg", "run.json", "weights.safetensors",
    ]  # fmt: skip
    assert result.weights == run / "weights.safetensors"
    stored = safetensors.load_file(result.weights)
    assert all(torch.equal(stored[k], v) for k, v in model.state_dict().items())
    document = json.loads((run / "run.json").read_text())
    assert document["settings"]["lr"] == 0.01
    assert document["settings"]["augmentation"]["scales"] == [0.7, 1.4]
    assert document["network"]["class"] == "SmallNetwork"
    picture = ET.parse(run / "progress.svg").getroot()
    assert picture.tag.endswith("svg")
    assert len([e for e in picture.iter() if e.tag.endswith("polyline")]) == 4  # loss, 3 x dice


def test_without_a_folder_nothing_is_written(network, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = fit(network(), pictures(2), validation=pictures(1), **SHORT)
    assert result.weights is None
    assert list(tmp_path.iterdir()) == []
    assert result.best_epoch in (1, 2)


def test_it_learns(network, pictures):
    result = fit(
        network(), pictures(8), validation=pictures(3, seed=1), patch_size=(24, 24), batch_size=4,
        iterations_per_epoch=40, epochs=3, optimizer="adamw", lr=0.01, augmentation="light",
        tell=None,
    )  # fmt: skip
    assert result.history[-1]["loss"] < 0.5 * result.history[0]["loss"]
    assert result.best_score > 0.8


@pytest.mark.parametrize("optimizer", ["sgd_nesterov", "sgd", "adamw", "adam"])
def test_optimisers_step_as_torchs(network, pictures, optimizer):
    """One step by hand: the same batch, loss, clipping and optimiser."""
    from edgewise.models.training import Settings
    from edgewise.models.training.batches import make_batch
    from edgewise.models.training.loop import _torch_seed
    from edgewise.models.training.pool import CasePool, Needs

    model, twin = network(), network()
    fit(
        model, pictures(2), optimizer=optimizer, momentum=0.9, weight_decay=0.1, grad_clip=0.05,
        **{**SHORT, "epochs": 1, "iterations_per_epoch": 1},
    )  # fmt: skip
    settings = Settings(patch_size=(16, 16))
    needs = Needs(channels=1, axes=2, classes=3)
    pool = CasePool(pictures(2), needs, role="training", seed=0, tell=print)
    batch = make_batch(pool, settings, 0, 0)
    step = {
        "sgd_nesterov": lambda p: torch.optim.SGD(p, 0.01, 0.9, weight_decay=0.1, nesterov=True),
        "sgd": lambda p: torch.optim.SGD(p, 0.01, 0.9, weight_decay=0.1),
        "adamw": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1),
        "adam": lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.1),
    }[optimizer](twin.parameters())
    torch.manual_seed(_torch_seed(0, 0, 0))
    twin.train()
    loss = make_loss("dice_ce")(
        twin(torch.from_numpy(batch.images)), torch.from_numpy(batch.labels).long()
    )
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(twin.parameters(), 0.05)
    assert norm > 0.05
    step.step()
    for mine, byhand in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(mine, byhand, rtol=0, atol=1e-6)


def test_bfloat16_trains_on_the_cpu(network, pictures):
    result = fit(network(), pictures(2), amp="bfloat16", **SHORT)
    plain = fit(network(), pictures(2), amp="off", **SHORT)
    first, second = (r.history[0]["loss"] for r in (result, plain))
    assert first != second
    assert first == pytest.approx(second, abs=0.02)
    with pytest.raises(ConfigError, match="bfloat16"):
        fit(network(), pictures(2), amp="float16", **SHORT)


def test_auto_is_off_on_the_cpu(network, pictures, same_weights):
    models = network(), network()
    for model, amp in zip(models, ("auto", "off"), strict=True):
        fit(model, pictures(2), amp=amp, **SHORT)
    assert same_weights(*models)


def test_deep_supervision_trains_every_output(network, pictures):
    plain, deep = network(deep=True), network(deep=True)
    fit(plain, pictures(2), deep_supervision=False, **SHORT)
    coarse = deep.coarse.weight.detach().clone()
    fit(deep, pictures(2), **SHORT)
    assert deep.deep_supervision is False  # afterwards the network answers with one tensor
    assert isinstance(deep(torch.zeros(1, 1, 16, 16)), torch.Tensor)
    # nnU-Net's weights leave the coarsest of two outputs without influence
    assert torch.allclose(deep.coarse.weight, coarse, atol=1e-3)
    with pytest.raises(ConfigError, match="no such outputs"):
        fit(network(), pictures(2), deep_supervision=True, **SHORT)


def test_a_loss_may_be_any_callable(network, pictures, tmp_path):
    def only_cross_entropy(logits, labels):
        return torch.nn.functional.cross_entropy(logits, labels)

    result = fit(network(), pictures(2), loss=only_cross_entropy, checkpoint_dir=tmp_path, **SHORT)
    assert "loss_dice" not in result.history[0]
    name = json.loads((tmp_path / "run.json").read_text())["settings"]["loss"]
    assert name.endswith("only_cross_entropy")


def test_losses_that_measure_distances_get_the_spacing(network, pictures, monkeypatch):
    from edgewise.models.losses import Loss

    seen = []
    original = Loss.with_spacing
    monkeypatch.setattr(
        Loss, "with_spacing", lambda self, spacing: seen.append(spacing) or original(self, spacing)
    )
    from edgewise.models.training import ArrayCases
    from edgewise.simulate import ball_and_cube

    image, labels = ball_and_cube((24, 24))
    cases = ArrayCases([image], [labels], spacing=(2.0, 0.5))
    result = fit(network(), cases, loss="dice_boundary", **SHORT)
    assert set(seen) == {(2.0, 0.5)}
    assert {"loss_dice", "loss_boundary"} <= set(result.history[0])


def test_an_unpadded_network_is_compared_with_the_middle(pictures):
    class Valid(torch.nn.Module):
        spatial_dims, in_channels, classes = 2, 1, 3

        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Conv2d(1, 3, 5)

        def forward(self, image):
            return self.layers(image)

    torch.manual_seed(0)
    result = fit(Valid(), pictures(2), validation=pictures(1), **SHORT)
    assert math.isfinite(result.best_score)


def test_the_ignored_label_has_no_influence(network, pictures, same_weights):
    from edgewise.models.training import ArrayCases

    cases = pictures(2)
    models = []
    for other in (1, 2):
        labels = [np.where(c.labels == 2, 255, c.labels) for c in cases]
        images = [c.image.copy() for c in cases]
        model = network()
        fit(model, ArrayCases(images, labels), ignore_label=255, **SHORT)
        models.append(model)
        assert other
    assert same_weights(*models)


class Exploding(torch.nn.Module):
    spatial_dims, in_channels, classes = 2, 1, 3

    def __init__(self, at, what):
        super().__init__()
        self.layer = torch.nn.Conv2d(1, 3, 1)
        self.at, self.what, self.calls = at, what, 0

    def forward(self, image):
        if self.training:
            self.calls += 1
        out = self.layer(image)
        if self.calls == self.at and self.what == "loss":
            return out * math.nan
        if self.calls == self.at and self.what == "gradient":
            out.register_hook(lambda g: g * math.inf)
        return out


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_what_is_not_finite_stops_with_one_sentence(pictures, tmp_path, what):
    with pytest.raises(EdgewiseError) as caught:
        fit(Exploding(5, what), pictures(2), checkpoint_dir=tmp_path, **SHORT)
    text = str(caught.value)
    assert text.startswith(f"the {what} is ")
    assert "at epoch 2, step 2 (patches of p0_" in text
    assert "try a tenth of the lr" in text
    assert "checkpoint" in text
    assert next((tmp_path / "checkpoint").iterdir()).name == "save_000001"


def test_fallen_values_can_be_drawn():
    from edgewise.models.training.progress_picture import draw_progress

    rows = [
        {"epoch": 1, "loss": 1.0, "dice": math.nan},
        {"epoch": 2, "loss": math.inf},
        {"epoch": 3, "loss": 0.5, "dice": 0.5, "a<b": 1.0},
    ]
    for some in (rows, rows[:1], []):
        picture = draw_progress(some, metrics=["dice", "a<b", "never"])
        assert ET.fromstring(picture).tag.endswith("svg")
        assert "nan" not in picture
        assert "inf" not in picture
    assert "a&lt;b" in draw_progress(rows, metrics=["a<b"])


@pytest.mark.parametrize(
    ("options", "kind", "word"),
    [
        ({"patch_size": (16,)}, ShapeError, "one size per axis"),
        ({"patch_size": (16, 0)}, ConfigError, "patch_size"),
        ({"epochs": 0}, ConfigError, "epochs"),
        ({"batch_size": 1.5}, ConfigError, "batch_size"),
        ({"lr": -1}, ConfigError, "lr"),
        ({"grad_clip": 0}, ConfigError, "grad_clip"),
        ({"optimizer": "rmsprop"}, ConfigError, "sgd_nesterov"),
        ({"schedule": "step"}, ConfigError, "one_cycle"),
        ({"loss": "dise_ce"}, ConfigError, "dice_ce"),
        ({"amp": True}, ConfigError, "amp"),
        ({"deep_supervision": "yes"}, ConfigError, "deep_supervision"),
        ({"metrics": ["dize"]}, ConfigError, "dize"),
        ({"metrics": []}, ConfigError, "metrics"),
        ({"augmentation": "much"}, ConfigError, "light"),
        ({"workers": -1}, ConfigError, "workers"),
    ],
)
def test_wrong_options_are_named(network, pictures, options, kind, word):
    with pytest.raises(kind, match=word):
        fit(network(), pictures(1), **{**SHORT, **options})


def test_a_module_that_does_not_say_what_it_is(pictures):
    with pytest.raises(ConfigError, match="spatial_dims"):
        fit(torch.nn.Conv2d(1, 3, 1), pictures(1), **SHORT)


def test_augmentation_may_be_put_together(network, pictures, tmp_path):
    fit(
        network(), pictures(1), augmentation=Augmentation(turn=0.5), checkpoint_dir=tmp_path,
        **SHORT,
    )  # fmt: skip
    settings = json.loads((tmp_path / "run.json").read_text())["settings"]
    assert settings["augmentation"]["turn"] == 0.5
