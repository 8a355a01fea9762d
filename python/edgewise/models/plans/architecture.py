"""From the words of plans.json to a network of the registry.

Plans name classes by dotted paths that nnU-Net imports. Here a path is a key of a fixed table and
nothing else: an unknown one is an error, nothing is ever imported by name from a file. Plans
written before nnU-Net 2.4 name layers one by one; they mean the same networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ReadError
from edgewise.models.creation import create_model

from .document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Architecture", "read_architecture"]

_NETWORKS: Final = {  # class names; the modules they live in have moved between versions
    "PlainConvUNet": ("nnunet_plain", "n_conv_per_stage"),
    "ResidualEncoderUNet": ("nnunet_resenc", "n_blocks_per_stage"),
}
_PACKAGE: Final = "dynamic_network_architectures."
_TORCH: Final = ("torch.nn", "torch.nn.modules.conv", "torch.nn.modules.instancenorm",
                 "torch.nn.modules.batchnorm", "torch.nn.modules.dropout",
                 "torch.nn.modules.activation")  # fmt: skip
_CONV: Final = {"Conv2d": 2, "Conv3d": 3}
_NORM: Final = {
    "InstanceNorm2d": "instance", "InstanceNorm3d": "instance",
    "BatchNorm2d": "batch", "BatchNorm3d": "batch",
}  # fmt: skip
_DROPOUT: Final = ("Dropout2d", "Dropout3d")
_NONLINEARITY: Final = {"LeakyReLU": "leaky_relu", "ReLU": "relu"}
_LISTS: Final = ("kernel_sizes", "strides")
_OLD_STYLE: Final = (
    "UNet_class_name", "UNet_base_num_features", "unet_max_num_features",
    "n_conv_per_stage_encoder", "n_conv_per_stage_decoder", "pool_op_kernel_sizes",
    "conv_kernel_sizes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network of the registry and its sizes.

    Attributes
    ----------
    name : str
        ``"nnunet_plain"`` or ``"nnunet_resenc"``.
    sizes : mapping
        Arguments for `create_model`, all but ``in_channels`` and ``classes``.
    """

    name: str
    sizes: Mapping[str, Any]

    def build(self, *, in_channels: int, classes: int) -> Any:  # noqa: ANN401
        """Build the network, a torch.nn.Module with random weights.

        Raises
        ------
        ConfigError
            If sizes in the file contradict one another; names the key.
        """
        return create_model(self.name, in_channels=in_channels, classes=classes, **self.sizes)


def read_architecture(configuration: Document) -> Architecture:
    """Read the network of one configuration of plans.json, of either style.

    Parameters
    ----------
    configuration : Document
        With what it inherits merged.

    Raises
    ------
    ReadError
        If a key is missing, or names a class or an option that is not known here.
    """
    if "architecture" not in configuration:
        return _old_style(configuration)
    architecture = configuration.inner("architecture")
    path = str(architecture.need("network_class_name"))
    name = path.rpartition(".")[2]
    if name not in _NETWORKS or not path.startswith(_PACKAGE):
        message = (
            f"{architecture.place}: network {path!r} is not one that edgewise builds "
            f"({', '.join(_NETWORKS)} of {_PACKAGE.rstrip('.')})"
        )
        raise ReadError(message, code="unknown_class")
    return _new_style(name, architecture.inner("arch_kwargs"))


def _new_style(class_name: str, options: Document) -> Architecture:
    name, counts = _NETWORKS[class_name]
    known = {
        "n_stages", "features_per_stage", "conv_op", *_LISTS, counts, "n_conv_per_stage_decoder",
        "conv_bias", "norm_op", "norm_op_kwargs", "dropout_op", "dropout_op_kwargs", "nonlin",
        "nonlin_kwargs", "deep_supervision",
    }  # fmt: skip
    _refuse_others(options, known)
    stages = options.integer("n_stages")
    sizes: dict[str, Any] = {
        "spatial_dims": _CONV[_class(options, "conv_op", _CONV)],
        "n_conv_per_stage_decoder": _tuples(options.need("n_conv_per_stage_decoder")),
        counts: _tuples(options.need(counts)),
        "conv_bias": options.flag("conv_bias", default=False),
    }
    for key in ("features_per_stage", *_LISTS):  # an integer means every stage, the first one too
        value = options.need(key)
        sizes[key] = (value,) * stages if isinstance(value, int) else _tuples(value)
    features = sizes["features_per_stage"]
    if not isinstance(features, tuple) or len(features) != stages:
        options.refuse("features_per_stage", f"{stages} values, as n_stages says")
    return Architecture(name, sizes | _norm(options) | _dropout(options) | _activation(options))


def _norm(options: Document) -> dict[str, Any]:
    if options.content.get("norm_op") is None:
        return {"norm": "none"}
    name = _class(options, "norm_op", _NORM)
    given = _options(options, "norm_op_kwargs", {"eps", "affine"})
    # what torch assumes where the file is silent: batch norm is affine, instance norm is not
    return {
        "norm": _NORM[name],
        "norm_eps": given.number("eps", 1e-5),
        "norm_affine": given.flag("affine", default=_NORM[name] == "batch"),
    }


def _dropout(options: Document) -> dict[str, Any]:
    if options.content.get("dropout_op") is None:
        return {"dropout": 0.0}
    _class(options, "dropout_op", _DROPOUT)
    given = _options(options, "dropout_op_kwargs", {"p", "inplace"})
    return {"dropout": given.number("p", 0.5)}


def _activation(options: Document) -> dict[str, Any]:
    name = _class(options, "nonlin", _NONLINEARITY)
    given = _options(options, "nonlin_kwargs", {"negative_slope", "inplace"})
    return {
        "activation": _NONLINEARITY[name],
        "negative_slope": given.number("negative_slope", 0.01),
    }


def _old_style(configuration: Document) -> Architecture:
    missing = [key for key in _OLD_STYLE if key not in configuration]
    if missing:
        message = (
            f"{configuration.place}: no 'architecture', and for plans of the old style "
            f"{', '.join(missing)} is missing"
        )
        raise ReadError(message, code="bad_plans")
    name = str(configuration.need("UNet_class_name"))
    if name not in _NETWORKS:
        configuration.refuse("UNet_class_name", " or ".join(_NETWORKS))
    network, counts = _NETWORKS[name]
    per_stage = configuration.integers("n_conv_per_stage_encoder")
    first, most = (
        configuration.integer(key) for key in ("UNet_base_num_features", "unet_max_num_features")
    )
    return Architecture(
        network,
        {
            "spatial_dims": len(configuration.integers("patch_size")),
            "features_per_stage": tuple(min(first * 2**s, most) for s in range(len(per_stage))),
            "kernel_sizes": _tuples(configuration.need("conv_kernel_sizes")),
            "strides": _tuples(configuration.need("pool_op_kernel_sizes")),
            counts: per_stage,
            "n_conv_per_stage_decoder": configuration.integers("n_conv_per_stage_decoder"),
            "conv_bias": True,
            "norm": "instance",
            "norm_eps": 1e-5,
            "norm_affine": True,
            "dropout": 0.0,
            "activation": "leaky_relu",
            "negative_slope": 0.01,
        },
    )


def _class(options: Document, key: str, known: Iterable[str]) -> str:
    """Return the class that a dotted path names, if it is one of torch's that are known."""
    path = options.need(key)
    module, _, name = str(path).rpartition(".")
    if name not in known or module not in _TORCH:
        listed = ", ".join(f"torch.nn.{k}" for k in known)
        message = f"{options.place}: {key} {path!r} is not known; known are {listed}"
        raise ReadError(message, code="unknown_class")
    dims = _CONV.get(str(options.need("conv_op"))[-6:])
    if name.endswith("d") and not name.endswith(f"{dims}d"):
        options.refuse(key, f"for as many axes as {options.need('conv_op')}")
    return name


def _options(options: Document, key: str, known: set[str]) -> Document:
    inner = options.optional(key) or Document({}, options.place)
    _refuse_others(inner, known)
    return inner


def _refuse_others(options: Document, known: set[str]) -> None:
    others = sorted(set(options.content) - known)
    if others:
        message = f"{options.place}: {', '.join(others)} is not understood here"
        raise ReadError(message, code="bad_plans")


def _tuples(value: Any) -> Any:  # noqa: ANN401
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
