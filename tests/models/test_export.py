"""Networks as files that run without their source."""

import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import create_model, list_models, main_output, model_info  # noqa: E402
from edgewise.models.export import export_program  # noqa: E402


@pytest.mark.parametrize("name", list_models())
@pytest.mark.filterwarnings("ignore")  # torch's own, about its file format
def test_a_program_takes_any_batch(name, tmp_path):
    card = model_info(name)
    torch.manual_seed(0)
    network = create_model(name, **card.small)
    export_program(network, tmp_path / "net.pt2", shape=card.small_image)
    assert network.training
    network.eval()
    loaded = torch.export.load(tmp_path / "net.pt2").module()
    for count in (1, 3):
        image = torch.randn(count, network.in_channels, *card.small_image)
        with torch.inference_mode():
            there, here = main_output(loaded(image)), main_output(network(image))
        torch.testing.assert_close(there, here, rtol=1e-5, atol=1e-5)


def test_a_program_for_one_image(tmp_path):
    network = create_model("unet2d", base=2, depth=1)
    program = export_program(network, tmp_path / "net.pt2", shape=(8, 8), free="nothing")
    assert program.module()(torch.zeros(1, 1, 8, 8)).shape == (1, 2, 8, 8)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"path": "net.onnx", "shape": (8, 8)}, ConfigError),
        ({"path": "net.pt2", "shape": (8, 8), "free": "all"}, ConfigError),
        ({"path": "net.pt2", "shape": (8, 8, 8)}, ShapeError),
        ({"path": "net.pt2", "shape": (9, 8)}, ShapeError),
    ],
)
def test_what_cannot_be_exported_is_said(options, error, tmp_path):
    network = create_model("unet2d", base=2, depth=1)
    path = tmp_path / options.pop("path")
    with pytest.raises(error):
        export_program(network, path, **options)


def test_a_folder_that_is_not_there_and_sizes_that_are_none(tmp_path):
    network = create_model("unet2d", base=2, depth=1)
    with pytest.raises(ConfigError, match="there is no folder"):
        export_program(network, tmp_path / "gone" / "net.pt2", shape=(8, 8))
    for shape in (8, (-8, 8), (8.5, 8), (0, 8)):
        with pytest.raises(ConfigError, match="shape must be whole numbers from 1 on"):
            export_program(network, tmp_path / "net.pt2", shape=shape)
