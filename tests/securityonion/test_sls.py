"""Settings in files of the site: put in and taken out, with not a line of theirs lost."""

from __future__ import annotations

import pytest
import yaml

from wardwatch.securityonion import sls

PATH = ("zeek", "config", "zeekctl", "SitePolicyScripts")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a remark",
        "zeek:\n",
        "zeek:  # ours\n# more\nother: 1\n",
        "zeek:\n  config:\n    local:\n      redef:\n        - a\n",
        "other:\n- 1\nzeek:\n    config:\n        # deep\n\n        networks: {HOME_NET: x}\n",
        "zeek:\n  config:\n    zeekctl:\n      MailTo: 'x'   # q\n\n\nlast: |\n  text\n   more\n",
        "other: 1",
    ],
)
def test_put_and_taken_out(text: str) -> None:
    """The setting is there, all else is as it was, and taken out nothing is left of it."""
    new, lines = sls.put(text, PATH, "local.zeek custom/iomt")
    assert sls.get(new, PATH) == "local.zeek custom/iomt"
    left = iter(new.splitlines())
    assert all(line in left for line in text.splitlines())
    assert sls.take_out(new, lines).rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize(
    "text",
    [
        "zeek: {config: 1}\n",
        "zeek:\n  config: {}\n",
        "zeek:\n  config:\n    - a\n",
        "zeek: 5\n",
        "zeek: ~\n",
        "- a\n",
        "a: 1\na: 2\n",
        "zeek: &x\n  config:\n    a: 1\nb: *x\n",
        "zeek:\n  <<: {a: 1}\n  config: !x 1\n",
        "{% if x %}\nzeek:\n{% endif %}\n",
        "#!py\ndef run(): pass\n",
        "zeek:\r\n  a: 1\r\n",
        "zeek:\n\tconfig: 1\n",
        "a: 1\n---\nb: 1\n",
        "zeek: 'open\n",
    ],
)
def test_left_alone(text: str) -> None:
    """What cannot be edited with certainty is for a person."""
    with pytest.raises(sls.HandEditError):
        sls.put(text, PATH, "x")


def test_beside_what_others_have() -> None:
    """A dictionary goes into theirs; a key that they have is not ours."""
    text = "soc:\n  config:\n    eventFields:\n      '::conn': [a]\n"
    path = ("soc", "config", "eventFields")
    new, lines = sls.put(text, path, {"::dicom": ["b"]})
    assert yaml.safe_load(new)["soc"]["config"]["eventFields"] == {
        "::conn": ["a"],
        "::dicom": ["b"],
    }
    assert sls.take_out(new, lines) == text
    with pytest.raises(sls.HandEditError, match="::conn stands there already"):
        sls.put(text, path, {"::conn": ["b"]})


def test_another_value() -> None:
    """Only that value changes, whatever stands around it."""
    text = "# a\nzeek:\n  config:\n    zeekctl:\n      sitepolicyscripts: local.zeek 'own'  # b\n"
    new = sls.replace(text, PATH, 'local.zeek "own" custom/iomt')
    assert new == text.replace("local.zeek 'own'", '"local.zeek \\"own\\" custom/iomt"')
    with pytest.raises(sls.HandEditError):
        sls.replace(
            "zeek:\n  config:\n    zeekctl:\n      sitepolicyscripts: |\n        a\n", PATH, "b"
        )


def test_lines_that_were_changed_are_not_taken_out() -> None:
    """Somebody has worked there."""
    new, lines = sls.put("a: 1\n", PATH, "x")
    with pytest.raises(sls.HandEditError):
        sls.take_out(new.replace("zeekctl:", "zeekctl:  # mine"), lines)
