"""What the names in an advisory say besides the product: versions, models, conditions, CVEs.

CISA's files were made from prose, and the prose survives in the names. Where a name and the
branches of the tree contradict each other, neither is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardwatch_enrichment import versions
from wardwatch_enrichment.advisory import Version, Versions

_CVE = re.compile(r"CVE-\s?(\d{4})-\s?(\d{4,7})", re.I)
_CONCERNS = re.compile(r"(?<!not )(?<!also )\b(?:impacted by|affected by)\s+(?=CVE-)", re.I)
_TELLS = re.compile(
    r"\b(?:versions?|revisions?|rev|releases?|software|firmware|builds?)\b|\bv\d", re.I
)
_PARENTHESES = re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)")
# A number of a model, and two of them one after the other: FM20/FM30, TC10 TC20, RT430 & RT431.
_MODEL = r"\b(?=[\w-]*\d)[A-Za-z]{0,6}-?\d{2,}[A-Za-z]*(?:-\w+)?\b"
_MODELS = re.compile(rf"{_MODEL}\s*(?:/|,|&|\band\b|\s)\s*{_MODEL}", re.I)
# MP20-MP90, MX400-550: a range of models
_FROM_TO = re.compile(r"\b([A-Z]+)\d+\s?-\s?\1\d+\b|\b[A-Z]+\d{2,}-\d{2,}\b", re.I)
_SISTERS = re.compile(r"\b([A-Z]{3,})\w+\s+\1\w+")  # NVRmini2 NVRsolo
_WEAKNESS = re.compile(
    r"vulnerabilit|weakness|\baccess to\b|\bprovisions? to\b|\bprotection from\b", re.I
)
_RANGE_OF_PRODUCTS = re.compile(
    r"\bproducts?$|^all\b|^other\b|\ball other\b|\bnot including\b|\bexcept\b", re.I
)
_KIND = re.compile(r"\bwindows\b.*-based$", re.I)
_NOTHING = frozenset(("version", "versions", "product", "products", "software", "firmware", "all"))
_LONGEST = 11  # words; what has more is a description
_DOTTED = re.compile(r"(?<![\w.])(?=[\w.]*\d)\w+(?:\.\w+)+", re.I)
_WHOLE = re.compile(r"(?<![\w.])\d+(?![\w.])")
_EMBEDDED = re.compile(
    r"(?<![\w.])(?:v\d+(?:\.\d+)*|version \d[\d.]*|\d+\.(?:\d+(?!t\b)|x\b)[\d.]*)(?![\w])", re.I
)
_AT_END = re.compile(
    r"^(?P<name>.+?)\s+(?:V|version\s+)?"
    r"(?P<version>\d+\.\d+(?:\.\d+)*|(?<=V)\d+|(?<=version )\d+)(?:\.x)*$",
    re.I,
)
_INCLUSIVE = re.compile(
    r"(?:\b(?:and|or)\s+(?:all\s+)?(?:prior|earlier|below|previous|older|lower)\b(?!\s+(?:to|than)\b)"
    r"|\bthrough\b|\d\s+to\s+\S*\d|<=|\bup to and including\b)",
    re.I,
)
_EXCLUSIVE = re.compile(
    r"(?:\bprior\s+to\b|\bbefore\b|\b(?:earlier|older|lower)\s+than\b|<(?!=))", re.I
)
_UPWARD = re.compile(
    r"(?:\b(?:and|or)\s+(?:later|newer|higher|above)\b|\bback\s+to\b|\bsince\b|>=?)", re.I
)
# What a title says of versions; any other word behind the product's name demands something.
_ABOUT_VERSIONS = frozenset(
    re.findall(
        r"\w+",
        """
        all any and or the of a v ver version versions rev revision revisions release releases
        software firmware build model models sw fw earlier prior previous below older lower before
        later newer higher above to through from between including excluding up than thru back
        are is affected by one more vers x as well limited
        """,
    )
)
_GOES_ON = re.compile(r"([A-Z]{2,5}) [Vv]ersions?\b")
_CUT = re.compile(
    r"[\s,(]+(?:with|without|running|when|for|using|installed|included|integrated|that|which|if"
    r"|where|in|on)\s",
    re.I,
)
_CLAUSE = re.compile(
    r"^(?P<name>.+?)\s+(?:\((?P<inside>[^()]*\b(?:with|without|using|when)\s[^()]+)\)"
    r"|(?P<behind>(?:used\s+)?(?:with|without|using|when)\s.+))$",
    re.I,
)
_NUMBERED = re.compile(
    r"\b(?:models?|part|article|order|reorder)\b(?:\s+(?:numbers?|no\.?|n[°o]|\#))?\s+"
    r"(?P<said>(?=[\w-]*\d)[\w-]+)|\((?P<bare>(?=[^()]*\d{2})[0-9A-Z]{4,}(?:-[0-9A-Z]+)*)\)",
    re.I,
)


def cves(title: str) -> tuple[str, ...]:
    """Return the CVEs that alone concern a product by its name; empty where it names none."""
    begins = _CONCERNS.search(title)
    sentence = re.split(r"\.\s", title[begins.end() :])[0] if begins else ""
    return tuple(dict.fromkeys(f"CVE-{year}-{number}" for year, number in _CVE.findall(sentence)))


def mentions_cves(title: str) -> bool:
    """Tell whether a name mentions CVEs at all."""
    return _CVE.search(title) is not None


def tail(title: str, name: str) -> str:
    """Return what a product's title says behind its name, without CVEs."""
    at = title.casefold().find(name.casefold())
    rest = title[at + len(name) :] if at >= 0 else title
    if at < 0 and (parts := re.split(r":\s+|\s-\s", title, maxsplit=1))[1:]:
        rest = parts[1]
    rest = re.sub(r"\([^()]*CVE-[^()]*\)", "", rest)
    return _CVE.sub("", rest).strip(" :-")


def tells_of_versions(text: str) -> bool:
    """Tell whether a text says that versions follow."""
    return _TELLS.search(text) is not None


def unparenthesised(name: str) -> str:
    """Return a name without what stands in parentheses."""
    return " ".join(_PARENTHESES.sub(" ", name).split())


def unusable(name: str) -> str | None:
    """Return why a name is none of a product, or of more than one."""
    bare = unparenthesised(name)
    group = _RANGE_OF_PRODUCTS.search(bare) or _KIND.search(bare)
    faults = {
        "says nothing": bare.casefold() in _NOTHING or len(bare) < 3,
        "names a weakness": _WEAKNESS.search(name),
        "names a group of products": group,
        "is cut off": name.count("(") != name.count(")") or name.endswith((",", "-")),
        "is a description": len(bare.split()) > _LONGEST,
        "lists several models": any(p.search(bare) for p in (_MODELS, _SISTERS, _FROM_TO)),
    }
    return next((fault for fault, found in faults.items() if found), None)


def version_in(name: str) -> tuple[str, Version | None]:
    """Return a name without the version at its end, and that version."""
    if (found := _AT_END.match(unparenthesised(name))) and not _EMBEDDED.search(found["name"]):
        return found["name"], versions.parse(found["version"])
    return name, None


def mentions_version(name: str) -> bool:
    """Tell whether a version stands somewhere in a name."""
    return _EMBEDDED.search(name) is not None


def goes_on(rest: str) -> str | None:
    """Return letters before the word version that belong to the product's name: iCT SP."""
    found = _GOES_ON.match(rest)
    return found[1] if found else None


def condition(rest: str, known: str) -> str | None:
    """Return a title's rest if it demands something besides versions that is not yet known."""
    about = {*_ABOUT_VERSIONS, *_words(known)}
    return rest if any(word not in about for word in _words(rest)) else None


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text that are no versions."""
    for word in re.findall(r"[\w.'/-]+", text.casefold()):
        plain = word.strip(".'/-")
        if plain and not any(character.isdigit() for character in plain):
            yield plain


def clause(name: str) -> tuple[str, str | None]:
    """Return a name without what it demands behind it (with …, using …), and that."""
    found = _CLAUSE.match(name)
    if found is None or found["name"].count("(") != found["name"].count(")"):
        return name, None
    return found["name"], found["inside"] or found["behind"]


def numbers(name: str) -> tuple[str, ...]:
    """Return the model, part and order numbers that a name gives as such."""
    return tuple(dict.fromkeys(one["said"] or one["bare"] for one in _NUMBERED.finditer(name)))


def contradiction(meant: Versions, text: str, rest: str) -> str | None:
    """Return where a title says other versions than the branches do; None where they agree."""
    rest, text = _CUT.split(rest)[0], _CUT.split(text)[0]
    said, branched = set(_numbers(rest)), set(_numbers(text))
    said -= set(_WHOLE.findall(text))
    if branched and said and branched - said:
        return f"{_listed(branched - said)} in the tree, {_listed(said)} in the name"
    if said - branched and not _CVE.search(rest):
        return f"{_listed(said - branched)} only in the name"
    if meant.kind == "all" and any(p.search(rest) for p in (_INCLUSIVE, _EXCLUSIVE, _UPWARD)):
        return "all versions in the tree, fewer in the name"
    return _bounds(meant, rest) if meant.kind == "ranges" else None


def _bounds(meant: Versions, rest: str) -> str | None:
    """Return where a title says that another end of a range belongs to it."""
    highs = [part.high for part in meant.ranges if part.high]
    if _INCLUSIVE.search(rest) and not any(high.inclusive for high in highs):
        return "the name includes the last version, the tree does not"
    if _EXCLUSIVE.search(rest) and not any(not high.inclusive for high in highs):
        return "the name leaves the last version out, the tree does not"
    if _UPWARD.search(rest) and not any(part.low for part in meant.ranges):
        return "the name tells of later versions, the tree of earlier ones"
    return None


def _numbers(text: str) -> Iterator[str]:
    """Yield the dotted versions of a text, so written that the same ones are equal."""
    for found in _DOTTED.findall(text):
        yield re.sub(r"(?:\.0+)+$", "", re.sub(r"^v(?=\d)", "", found.casefold()))


def _listed(found: set[str]) -> str:
    return ", ".join(sorted(found))
