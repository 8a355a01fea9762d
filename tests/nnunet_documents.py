"""A small plans.json and dataset.json of nnU-Net, in the style of today and in the old one."""

from copy import deepcopy

_STATISTICS = {
    "0": {"mean": 100.0, "std": 30.0, "percentile_00_5": 20.0, "percentile_99_5": 170.0,
          "min": -5.0, "max": 900.0, "median": 90.0},
    "1": {"mean": 1.0, "std": 2.0, "percentile_00_5": -3.0, "percentile_99_5": 7.0,
          "min": -5.0, "max": 9.0, "median": 1.0},
}  # fmt: skip
_SHAPES = {
    "kernel_sizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
    "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]],
}


def _resampling(what, order, *, is_seg=False):
    return {
        f"resampling_fn_{what}": "resample_data_or_seg_to_shape",
        f"resampling_fn_{what}_kwargs": {
            "is_seg": is_seg, "order": order, "order_z": 0, "force_separate_z": None
        },
    }  # fmt: skip


def architecture(kind="PlainConvUNet", package="dynamic_network_architectures.architectures.unet"):
    counts = "n_conv_per_stage" if kind == "PlainConvUNet" else "n_blocks_per_stage"
    return {
        "network_class_name": f"{package}.{kind}",
        "arch_kwargs": {
            "n_stages": 3,
            "features_per_stage": [4, 8, 12],
            "conv_op": "torch.nn.modules.conv.Conv3d",
            **deepcopy(_SHAPES),
            counts: [2, 2, 1],
            "n_conv_per_stage_decoder": [2, 1],
            "conv_bias": True,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
            "norm_op_kwargs": {"eps": 1e-05, "affine": True},
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }


def configuration():
    return {
        "data_identifier": "nnUNetPlans_3d_fullres",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": [8, 16, 16],
        "median_image_size_in_voxels": [10.0, 22.0, 25.0],
        "spacing": [3.5, 0.8, 0.8],
        "normalization_schemes": ["ZScoreNormalization", "CTNormalization"],
        "use_mask_for_norm": [True, False],
        **_resampling("data", 3),
        **_resampling("seg", 1, is_seg=True),
        **_resampling("probabilities", 1),
        "batch_dice": True,
        "architecture": architecture(),
    }


def plans():
    return {
        "dataset_name": "Dataset000_Phantoms",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [3.5, 0.8, 0.8],
        "original_median_shape_after_transp": [10, 22, 25],
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": {
            "3d_fullres": configuration(),
            "3d_cascade_fullres": {"inherits_from": "3d_fullres", "previous_stage": "3d_lowres"},
        },
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": deepcopy(_STATISTICS),
    }


def old_style(document):
    """The same plans as they were written before networks had an entry of their own."""
    document = deepcopy(document)
    for chosen in document["configurations"].values():
        found = chosen.pop("architecture", None)
        if found is None:
            continue
        sizes = found["arch_kwargs"]
        kind = found["network_class_name"].rpartition(".")[2]
        counts = "n_conv_per_stage" if kind == "PlainConvUNet" else "n_blocks_per_stage"
        chosen |= {
            "UNet_class_name": kind,
            "UNet_base_num_features": 4,
            "unet_max_num_features": 12,
            "n_conv_per_stage_encoder": sizes[counts],
            "n_conv_per_stage_decoder": sizes["n_conv_per_stage_decoder"],
            "num_pool_per_axis": [1, 2, 2],
            "pool_op_kernel_sizes": sizes["strides"],
            "conv_kernel_sizes": sizes["kernel_sizes"],
        }
    key = "foreground_intensity_properties_per_channel"
    document["foreground_intensity_properties_by_modality"] = document.pop(key)
    return document


def dataset():
    return {
        "channel_names": {"0": "T2", "1": "CT"},
        "labels": {"background": 0, "ball": 1, "cube": 2},
        "numTraining": 3,
        "file_ending": ".nii.gz",
    }


def dataset_with_regions():
    return dataset() | {
        "labels": {"background": 0, "whole": [1, 2], "core": [2], "ignore": 3},
        "regions_class_order": [1, 2],
    }
