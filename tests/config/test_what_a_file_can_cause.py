"""Whatever a file says is answered by a sentence about the file, never called a defect of the program."""

from __future__ import annotations

import pytest

from adversarial.config import yaml_parse
from adversarial.errors import UserError

LAYER = "!obj:adversarial.models.linear.Sigmoid { layer_name: y, dim: 3, irange: %s }"
MLP = "!obj:adversarial.models.mlp.MLP { nvis: %s, layers: [ " + LAYER + " ] }"
PAIR = "!obj:adversarial.game.pair.AdversaryPair { generator: !obj:adversarial.game.generator.Generator { mlp: "
PAIR += MLP % ("2", ".1") + " }, discriminator: " + MLP % ("3", ".1") + " }"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('!pkl: "\\0"', "is not the name of a file"),
        (MLP % ("2", ".inf"), "Sigmoid: irange is .inf, but must be a finite number of at least 0 or null"),
        (MLP % ("2", "99999999999999999999"), "irange is 99999999999999999999, but must be a number"),
        (MLP % ("2", "1" + "0" * 90), "must be a number"),
        (MLP % ("99999999999999999999", ".1"), "MLP"),
    ],
)
def test_a_document_that_cannot_be_built_is_refused_by_its_line(text, said):
    with pytest.raises(UserError, match="line 1.*" + said):
        yaml_parse.load(text)


def test_an_mlp_without_an_input_says_what_it_needs():
    with pytest.raises(UserError, match="line 1: .*give the MLP that it is in nvis or input_space"):
        yaml_parse.load(PAIR.replace("nvis: 3", "nvis: null"))
