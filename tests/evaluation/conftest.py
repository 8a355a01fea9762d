"""Tiny data sets on disk."""

import pytest

from small_datasets import write_five


@pytest.fixture
def folders(tmp_path):
    """Folders of references and predictions with five healthy cases."""
    return write_five(tmp_path)
