"""`edgewise models`: the table, one card, JSON; answers without torch."""

import json
import subprocess
import sys

from edgewise.cli.main import main
from edgewise.models import list_models


def test_the_table_has_a_line_for_each_network(capsys):
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(list_models())


def test_a_card_names_paper_parameters_and_deviations(capsys):
    assert main(["models", "unet2d_valid"]) == 0
    text = capsys.readouterr().out
    assert "Ronneberger" in text
    assert "31,030,658" in text
    assert "188, 204, 220" in text


def test_json_is_one_document(capsys):
    assert main(["models", "--family", "unet", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "edgewise.models/1"
    assert {m["family"] for m in document["models"]} == {"unet"}
    assert document["models"][0]["parameters"] == 31_030_658


def test_a_typo_is_answered(capsys):
    assert main(["models", "unet2"]) == 2
    assert "did you mean 'unet2d'" in capsys.readouterr().err


def test_it_answers_without_torch():
    program = (
        "import sys\nfrom edgewise.cli.main import main\n"
        "code = main(['models'])\nassert 'torch' not in sys.modules\nsys.exit(code)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert result.returncode == 0


def test_a_card_lists_the_arguments_of_its_network(capsys):
    assert main(["models", "unet2d"]) == 0
    assert "base=64, depth=4, norm='none', dropout=0.0" in capsys.readouterr().out
    assert main(["models", "unet2d", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["defaults"]["depth"] == 4


def test_names_and_a_family_contradict_each_other(capsys):
    assert main(["models", "lenet", "--family", "unet"]) == 2
    assert "not both" in capsys.readouterr().err
