"""Labels, regions and configuration: every accepted form, every refused one."""

import json

import pytest

from edgewise.errors import ConfigError, LabelError
from edgewise.evaluation import Config, Execution, read_toml
from edgewise.evaluation.labels import read_labels, read_regions

NAMED = ((1, "liver"), (2, "tumour"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("auto", "auto"),
        ("union", "union"),
        ("1,2", ((1, ""), (2, ""))),
        ("2:tumour, 1:liver", NAMED),
        ({2: "tumour", 1: "liver"}, NAMED),
        ([2, 1, 0], ((1, ""), (2, ""))),
        (range(3), ((1, ""), (2, ""))),
    ],
)
def test_labels(given, expected):
    assert read_labels(given).labels == expected


@pytest.mark.parametrize("given", ["liver", "1;2", "", "-1", [True], "0", [], "1:a,1:b", "1.5"])
def test_labels_that_are_none(given):
    with pytest.raises(ConfigError, match="labels"):
        read_labels(given)


@pytest.mark.parametrize(
    "content", [{"1": "liver", "2": "tumour"}, {"background": 0, "liver": 1, "tumour": 2}]
)
def test_labels_from_json(tmp_path, content):
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(content))
    assert read_labels(path).labels == NAMED
    path.write_text(json.dumps({"labels": content, "file_ending": ".nii.gz"}))
    assert read_labels(str(path)).labels == NAMED


def test_nnunets_regions_and_ignore_label(tmp_path):
    path = tmp_path / "dataset.json"
    labels = {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "enhancing": [3], "ignore": 4}
    path.write_text(json.dumps({"labels": labels}))
    choice = read_labels(path)
    assert choice.regions == (("whole", (1, 2, 3)), ("core", (2, 3)))
    assert choice.labels == ((3, "enhancing"),)
    assert choice.ignore_label == 4


def test_labels_from_tables(tmp_path):
    path = tmp_path / "dseg.tsv"
    path.write_text("index\tname\n0\tbackground\n1\tliver\n2\ttumour\n")
    assert read_labels(path).labels == NAMED
    path = tmp_path / "lut.csv"
    path.write_text("id,label,hemisphere\n1,cuneus,L\n2,cuneus,R\n3,stem,\n")
    assert read_labels(path).labels == ((1, "cuneus_L"), (2, "cuneus_R"), (3, "stem"))
    path.write_text("colour,size\n1,2\n")
    with pytest.raises(ConfigError, match="needs a column"):
        read_labels(path)


def test_the_real_table_of_brain_labels(shared):
    labels = read_labels(shared / "real/brains/labels.csv").labels
    assert len({name for _, name in labels}) == len(labels) > 50


@pytest.mark.parametrize("given", ["whole=1+2,core=2", {"whole": (2, 1), "core": [2]}])
def test_regions(given):
    assert read_regions(given) == (("whole", (1, 2)), ("core", (2,)))


@pytest.mark.parametrize("given", ["whole", "a=1,a=2", "a=", "a=0+1", {"a": ()}])
def test_regions_that_are_none(given):
    with pytest.raises(ConfigError):
        read_regions(given)


def test_a_configuration_survives_json():
    config = Config.create(
        labels={1: "a"}, regions="r=1+2", metrics="dice,nsd", nsd_tolerance=2, spacing=[1, 2]
    )
    assert config.metrics == ("dice", "nsd@2mm")
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_a_preset_becomes_part_of_the_id():
    assert Config.create(metrics="hd95,hd95:monai", preset="medpy").metrics == (
        "hd95:medpy",
        "hd95:monai",
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"metrics": "dicee"}, "dice"),
        ({"geometry": "loose"}, "strict, resample, ignore"),
        ({"spacing": [1, 0]}, "positive"),
        ({"threshold": float("nan")}, "finite"),
        ({"preset": "nope"}, "nope"),
        ({"metrics": []}, "no metric"),
        ({"regions": "a=1", "labels": "1:a", "ignore_label": 1}, "ignore label 1"),
    ],
)
def test_impossible_options_are_named(options, problem):
    with pytest.raises((ConfigError, LabelError), match=problem):
        Config.create(**options)


@pytest.mark.parametrize(
    "options",
    [{"workers": 0}, {"threads": -1}, {"timeout": -1.0}, {"retries": -1}, {"max_failures": 0}],
)
def test_impossible_executions_are_refused(options):
    with pytest.raises(ConfigError):
        Execution(**options)


def test_a_toml_file(tmp_path):
    path = tmp_path / "qa.toml"
    path.write_text(
        '[input]\nreference = "ref"\nlabels = { 1 = "liver" }\n[metrics]\nnames = ["dice"]\n'
        '[run]\nworkers = 2\n[summary]\nmissing = "skip"\n'
    )
    assert read_toml(path) == {
        "reference": (tmp_path / "ref").as_posix(),
        "labels": {1: "liver"},
        "metrics": ["dice"],
        "workers": 2,
        "missing": "skip",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[run]\nworker = 2\n", "did you mean workers"),
        ("[rum]\n", "did you mean run"),
        ("[run]\nx = \n", "line 2"),
        ("run = 1\n", "must be a table"),
        ("[input]\nlabels = { liver = 1 }\n", "'liver' is no label number"),
    ],
)
def test_a_bad_toml_file_says_where(tmp_path, text, problem):
    path = tmp_path / "qa.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        read_toml(path)


def test_labels_from_named_segments(tmp_path):
    header = (
        "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 1 1 1\nencoding: raw\n"
        "Segment0_LabelValue:=3\nSegment0_Name:=liver\n\n"
    )
    (tmp_path / "a.seg.nrrd").write_bytes(header.encode() + b"\0")
    assert read_labels(f"{tmp_path}/a.seg.nrrd").labels == ((3, "liver"),)
    (tmp_path / "b.seg.nrrd").write_bytes(b"no")
    with pytest.raises(ConfigError, match=r"labels: .*not NRRD"):
        read_labels(tmp_path / "b.seg.nrrd")


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"volume": -1}, "volume"), ({"nan": "zero"}, "nan must"), ({"max_bytes": 0}, "max_bytes")],
)
def test_impossible_ways_to_read_are_named(options, problem):
    with pytest.raises(ConfigError, match=problem):
        Config.create(**options)


def test_a_region_that_cannot_be_read_is_named_as_a_region():
    with pytest.raises(ConfigError, match="regions: cannot read core=2"):
        Config.create(regions="whole=1,core=2+x")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[run]\ntimeout = "x"', "timeout in .run. must be a number, got 'x'"),
        ("[run]\nretries = true", "retries in .run. must be a whole number, got True"),
        ('[input]\nlimit = "3"', "limit in .input. must be a whole number"),
        ("[input]\nbinary = 1", "binary in .input. must be true or false"),
        ("[input]\ninclude = [1]", "include in .input. must be a list or text"),
        ("[input]\nregions = 4", "regions in .input. must be text or a table"),
        ("[metrics]\nnames = 3", "names in .metrics. must be text or a list"),
        ("[summary]\nmissing = [1]", "missing in .summary. must be text"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(tmp_path, text, problem):
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ConfigError, match=problem):
        read_toml(tmp_path / "a.toml")


def test_one_text_is_a_list_of_one(tmp_path):
    (tmp_path / "a.toml").write_text('[input]\ninclude = "a*"\n[gates]\nfail_under = "failed<=0"')
    options = read_toml(tmp_path / "a.toml")
    assert options == {"include": ["a*"], "fail_under": ["failed<=0"]}


def test_a_label_file_is_sought_beside_the_configuration(tmp_path):
    (tmp_path / "a.toml").write_text('[input]\nlabels = "names.json"\nrecursive = true')
    assert read_toml(tmp_path / "a.toml") == {
        "labels": (tmp_path / "names.json").as_posix(),
        "recursive": True,
    }
