"""The network of these tests; a module of its own, so that killed processes can import it."""

import torch
from torch import nn
from torch.nn import functional


class SmallNetwork(nn.Module):
    """Two resolutions, batch normalisation, dropout; optionally a second output."""

    def __init__(self, *, deep=False, classes=3, channels=1):
        super().__init__()
        self.spatial_dims, self.in_channels, self.classes = 2, channels, classes
        if deep:
            self.deep_supervision = True
        self.first = nn.Sequential(
            nn.Conv2d(channels, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()
        )
        self.second = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.drop = nn.Dropout(0.2)
        self.coarse = nn.Conv2d(16, classes, 1)
        self.fine = nn.Conv2d(24, classes, 3, padding=1)

    def forward(self, image):
        skip = self.first(image)
        low = self.drop(self.second(functional.max_pool2d(skip, 2)))
        up = functional.interpolate(low, scale_factor=2, mode="nearest")
        out = self.fine(torch.cat([skip, up], 1))
        return (out, self.coarse(low)) if getattr(self, "deep_supervision", False) else out
