"""Tables: text that keeps NaN, infinity and nothing apart, and reads back unchanged."""

import json
import math

import numpy as np
import pytest

from edgewise.errors import ConfigError, EdgewiseError, InputError
from edgewise.evaluation import Table, read_values
from edgewise.evaluation.strict_json import json_text
from edgewise.evaluation.tables import VALUES_COLUMNS

ROWS = [
    ("NA", "", 1, "liver", "dice", 0.1, "ok"),
    ("None", "", 1, "liver", "hd", math.inf, "pred_empty"),
    ("1e5", "", 1, 'a "b", c', "dice", math.nan, "both_empty"),
    ("é", "m", -1, "", "cldice", None, "not_computed"),
]


@pytest.fixture
def values():
    return Table.from_rows(VALUES_COLUMNS, ROWS)


def test_columns_are_numpy(values):
    assert values["value"].dtype == np.float64
    assert values["label"].dtype == np.int64
    assert len(values) == 4
    assert values[1:3]["case"].tolist() == ["None", "1e5"]
    with pytest.raises(ConfigError, match="no column 'x'"):
        _ = values["x"]


def test_text_keeps_the_three_apart(values):
    lines = values.to_csv().splitlines()
    assert lines[1] == "NA,,1,liver,dice,0.1,ok"
    assert lines[2] == "None,,1,liver,hd,inf,pred_empty"
    assert lines[3] == '1e5,,1,"a ""b"", c",dice,NaN,both_empty'
    assert lines[4] == "é,m,-1,,cldice,,not_computed"


def test_reading_gives_the_same_table(values, tmp_path):
    text = values.to_csv(tmp_path / "values.csv")
    again = read_values(tmp_path)
    assert again.to_csv() == text
    assert again["case"].tolist() == ["NA", "None", "1e5", "é"]
    assert [p.name for p in tmp_path.iterdir()] == ["values.csv"]


def test_pandas_keeps_names_with_the_three_documented_words(values, tmp_path):
    pandas = pytest.importorskip("pandas")
    values.to_csv(tmp_path / "values.csv")
    frame = pandas.read_csv(
        tmp_path / "values.csv",
        dtype={"case": str},
        keep_default_na=False,
        na_values={"value": [""]},
    )
    assert frame["case"].tolist() == ["NA", "None", "1e5", "é"]
    assert values.to_pandas()["metric"].tolist() == ["dice", "hd", "dice", "cldice"]


def test_filtering(values):
    assert values.filter({"metric": "dice", "label": [1, 2]})["case"].tolist() == ["NA", "1e5"]


def test_an_empty_table_has_its_columns(tmp_path):
    empty = Table.from_rows(VALUES_COLUMNS, [])
    assert len(empty) == 0
    empty.to_csv(tmp_path / "values.csv")
    assert read_values(tmp_path / "values.csv").columns == VALUES_COLUMNS


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", "case,algorithm,label,label_name,metric,value,state\nx,,one,,dice,1,ok\n",
     "case,algorithm,label,label_name,metric,value,state\nx,,1\n"],
)  # fmt: skip
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "values.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"no values\.csv of edgewise"):
        read_values(path)


def test_json_is_strict():
    document = {"b": math.nan, "a": [math.inf, -math.inf, np.float64(0.1)], "c": None}
    text = json_text(document)

    def refuse(word):
        raise AssertionError(word)

    assert json.loads(text, parse_constant=refuse) == {
        "a": ["Infinity", "-Infinity", 0.1],
        "b": "NaN",
        "c": None,
    }
    assert text.index('"a"') < text.index('"b"')


def test_a_name_that_is_no_unicode_survives(tmp_path):
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert json.loads(json_text({"case": name})) == {"case": name}
    table = Table.from_rows(VALUES_COLUMNS, [(name, "", 1, "", "dice", 1.0, "ok")])
    table.to_csv(tmp_path / "values.csv")
    assert read_values(tmp_path)["case"].tolist() == [name]


def test_a_table_that_cannot_be_written_names_the_file(values, tmp_path):
    (tmp_path / "values.csv").mkdir()
    with pytest.raises(EdgewiseError, match=r"values\.csv: cannot be written"):
        values.to_csv(tmp_path / "values.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["values.csv"]
