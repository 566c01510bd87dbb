"""American spellings of the British words on the pages, so that the search finds both."""

from __future__ import annotations

import re

# A rule may also make a word that does not exist ("precize"): nobody sees it, and nobody looks for it.
RULES = {
    re.compile(pattern): american
    for pattern, american in {
        r"^(\w{3,}[iy])s(e|ed|er|ers|es|ing|able|ations?)$": r"\1z\2",
        r"^(\w{3,}o)u(r(s|ed|ing|able|less|hoods?)?)$": r"\1\2",
        r"^(\w+)tre(s?)$": r"\1ter\2",
        r"^(\w+t)r(ed|ing)$": r"\1er\2",
        r"^(\w*gr)e(y\w*)$": r"\1a\2",
        r"^(\w+[aeu]l)l(ed|ing|er|ers)$": r"\1\2",
        r"^(misspe|spe)lt$": r"\1lled",
        r"^(learn|burn)t$": r"\1ed",
        r"^artef(acts?)$": r"artif\1",
        r"^(licen|defen)ce(s?)$": r"\1se\2",
        r"^(program)me(s?)$": r"\1\2",
    }.items()
}
WORD = re.compile(r"[a-z]+")


def american(text: str) -> list[str]:
    """Return the American spellings of the words in a text that are written otherwise there.

    Example:
        >>> american("Batch normalisation: centre, divide. Grey neighbours are initialised.")
        ['center', 'gray', 'initialized', 'neighbors', 'normalization']
    """
    words = set(WORD.findall(text.lower()))
    spelt = {rule.sub(other, word) for word in words for rule, other in RULES.items()}
    return sorted(spelt - words)
