"""What holds for every network of the table: parameters, shapes, gradients, precision, weights
that survive a file.
"""

import copy
import pickle

import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import (  # noqa: E402
    create_model,
    list_models,
    load_weights,
    main_output,
    model_info,
    save_weights,
)

EVERY = pytest.mark.parametrize("name", list_models())


def small(name, *, dtype=torch.float32):
    """A small network with lively weights, and a batch for it."""
    card = model_info(name)
    torch.manual_seed(0)
    network = create_model(name, **card.small)
    for value in network.parameters():
        if value.ndim > 1:
            torch.nn.init.kaiming_normal_(value)
    image = torch.randn(2, network.in_channels, *card.small_image)
    return network.to(dtype), image.to(dtype)


@EVERY
def test_the_published_configuration_has_its_parameters(name):
    with torch.device("meta"):
        network = create_model(name)
    assert sum(p.numel() for p in network.parameters()) == model_info(name).parameters


@EVERY
def test_forward_gives_class_scores(name):
    network, image = small(name)
    with torch.inference_mode():
        scores = main_output(network.eval()(image))
    assert scores.shape[:2] == (2, network.classes)
    assert scores.dtype == torch.float32
    assert torch.isfinite(scores).all()
    assert scores.std() > 0.01


@EVERY
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_gradient_reaches_every_parameter(name, dtype):
    network, image = small(name, dtype=dtype)
    output = network.train()(image)
    outputs = output if isinstance(output, tuple) else (output,)
    sum((scores.float() ** 2).mean() for scores in outputs).backward()
    for key, value in network.named_parameters():
        assert value.grad is not None, key
        assert torch.isfinite(value.grad).all(), key


@EVERY
def test_items_of_a_batch_do_not_meet_in_evaluation(name):
    network, image = small(name)
    network.eval()
    with torch.inference_mode():
        whole = main_output(network(image))
        first = main_output(network(image[:1]))
    torch.testing.assert_close(whole[:1], first, rtol=1e-4, atol=1e-4)


@EVERY
def test_weights_come_back_from_a_file(name, tmp_path):
    pytest.importorskip("safetensors")
    network, image = small(name)
    network.eval()
    save_weights(network, tmp_path / "w.safetensors")
    other = create_model(name, weights=tmp_path / "w.safetensors", **model_info(name).small).eval()
    torch.save(
        {"state_dict": {f"module.{k}": v for k, v in network.state_dict().items()}},
        tmp_path / "w.pth",
    )
    third = create_model(name, **model_info(name).small).eval()
    report = load_weights(third, tmp_path / "w.pth")
    assert not report.missing
    assert len(report.renamed) >= len(report.loaded)
    with torch.inference_mode():
        expected = main_output(network(image))
        assert torch.equal(main_output(other(image)), expected)
        assert torch.equal(main_output(third(image)), expected)


@EVERY
def test_an_image_that_does_not_fit_is_one_sentence(name):
    network, image = small(name)
    with pytest.raises(ShapeError, match=type(network).__name__):
        network(image[:, :, 0])
    with pytest.raises(ShapeError, match="in_channels"):
        network(torch.cat([image, image], dim=1))
    with pytest.raises(ShapeError, match=r"at least 1|axes of|exactly|multiples"):
        network(image[..., :0])


@EVERY
def test_values_that_do_not_fit_are_one_sentence(name):
    network, image = small(name)
    for wrong, words in [
        (image.numpy(), "a torch tensor, not ndarray"),
        (None, "a torch tensor, not NoneType"),
        (image[:0], "is empty"),
        (image.long(), "floating-point numbers, not torch.int64"),
        (image > 0, "not torch.bool"),
        (image.double(), "holds torch.float32 and the image torch.float64"),
        (image.to("meta"), "is on cpu and the image on meta"),
    ]:
        with pytest.raises(ShapeError, match=words):
            network(wrong)


@EVERY
def test_autocast_takes_what_it_converts(name):
    network, image = small(name)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.inference_mode():
        for batch in (image, image.bfloat16()):
            assert torch.isfinite(main_output(network.eval()(batch))).all()


@EVERY
@pytest.mark.parametrize("argument", ["in_channels", "classes"])
@pytest.mark.parametrize("value", [0, -1, 2.0, True, "2", None])
def test_a_number_of_channels_is_a_whole_number_from_one_on(name, argument, value):
    with torch.device("meta"), pytest.raises(ConfigError, match=f"{argument} must be a whole"):
        create_model(name, **{**model_info(name).small, argument: value})


@EVERY
def test_copies_memory_formats_and_calls_make_no_difference(name):
    network, image = small(name)
    kept = image.clone()
    with torch.inference_mode():
        network.train()(image)
        assert torch.equal(image, kept)
        expected = main_output(network.eval()(image))
        assert torch.equal(main_output(network(image)), expected)
        for copied in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
            assert torch.equal(main_output(copied(image)), expected)
        last = {4: torch.channels_last, 5: torch.channels_last_3d}[image.ndim]
        reversed_view = image.flip(-1).contiguous().flip(-1)
        for batch in (image.contiguous(memory_format=last), reversed_view):
            found = main_output(network.to(memory_format=last)(batch))
            bar = 1e-5 * float(expected.abs().max().clamp(min=1))
            torch.testing.assert_close(found, expected, rtol=0, atol=bar)
    assert torch.equal(image, kept)
