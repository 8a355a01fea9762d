"""The demo data set holds what it says."""

from edgewise import io
from edgewise.simulate import DEMO_LABELS, write_demo


def test_equal_seeds_give_equal_files(tmp_path):
    first, second = (write_demo(tmp_path / name) for name in "ab")
    for one in sorted(first.reference.iterdir()):
        other = io.read(second.reference / one.name)
        assert (io.read(one).array == other.array).all()


def test_the_faults_are_planted(tmp_path):
    data = write_demo(tmp_path)
    references = sorted(data.reference.iterdir())
    assert len(references) == 12
    assert len(list(data.prediction.iterdir())) == 11
    code = {fault: case for case, fault in data.faults.items()}
    assert not (data.prediction / f"{code['missing_prediction']}.nii.gz").exists()
    assert not io.read(data.prediction / f"{code['empty_prediction']}.nii.gz").array.any()
    shifted = io.read(data.prediction / f"{code['geometry_mismatch']}.nii.gz")
    assert shifted.affine[2, 3] == 130.0
    found = {int(v) for path in references for v in set(io.read(path).array.ravel())}
    assert found == {0, *DEMO_LABELS}


def test_writing_again_replaces_what_was_there(tmp_path):
    data = write_demo(tmp_path)
    missing = data.prediction / "case_3.nii.gz"
    missing.write_bytes(b"stale")
    write_demo(tmp_path)
    assert not missing.exists()
