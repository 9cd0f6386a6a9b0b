"""recount.py RELEASE_FOLDER LEXICON_GLOB

Promise: the counts of every theme are right to the last hit. Every occurrence of
every term is looked for with `str.find` in `documents.text`; one that lies
inside an occurrence of a longer term is dropped, unless its theme is `nested`;
of overlapping ones of one term the leftmost counts. The result must equal
`hits`, hit by hit, and `theme_profile.hits`, where a parent has its children's. Where only the
first of a group of copies counts, the profile leaves the others out.
"""

import glob
import sys
import time
import tomllib
from collections import Counter

from outside import Release, Report


def lexicon(pattern):
    """All themes of the files that a pattern matches."""
    themes = []
    for path in sorted(glob.glob(pattern)):
        with open(path, "rb") as file:
            themes += tomllib.load(file).get("theme", [])
    return themes


def occurrences(text, terms):
    """Where each term begins, at every position, overlaps included: (start, end, term)."""
    found = []
    for term in terms:
        at = text.find(term)
        while at >= 0:
            found.append((at, at + len(term), term))
            at = text.find(term, at + 1)
    return found


def counted(text, terms, nested):
    """The occurrences that count."""
    found = occurrences(text, terms)
    kept, last = [], {}
    for start, end, term in sorted(found):
        inside = any(s <= start and end <= e and len(t) > len(term) for s, e, t in found)
        if (term in nested or not inside) and start >= last.get(term, 0):
            last[term] = end
            kept.append((start, end, term))
    return kept


def recount(release, pattern, report):
    """Compares a release with a recount of its texts."""
    began = time.monotonic()
    themes = lexicon(pattern)
    theme_of = {term: t["id"] for t in themes for term in t["terms"]}
    nested = {term for t in themes if t.get("nested") for term in t["terms"]}
    listed = {theme: terms for theme, terms in release.rows("themes", "theme", "terms")}
    report.check(
        "the table of themes is the lexicon",
        [t["id"] for t in themes if listed.get(t["id"]) != t["terms"]] + sorted(listed.keys() - {t["id"] for t in themes}),
        f"{len(themes)} themes, {len(theme_of)} terms",
    )
    texts = {doc_id: text for doc_id, text, preamble in release.rows("documents", "doc_id", "text", "preamble") if not preamble}
    mine = {(doc_id, *hit, theme_of[hit[2]]) for doc_id, text in texts.items() for hit in counted(text, theme_of, nested)}
    rows = release.rows("hits", "doc_id", "char_start", "char_end", "term", "theme")
    around = lambda h: f"{h} in …{texts.get(h[0], '')[max(0, h[1] - 12) : h[2] + 12]!r}…"  # noqa: E731
    faults = ["twice in hits: " + around(hit) for hit, n in Counter(rows).items() if n > 1]
    faults += ["not in hits: " + around(hit) for hit in sorted(mine - set(rows))]
    faults += ["in hits, but not found: " + around(hit) for hit in sorted(set(rows) - mine)]
    report.check("hits are those of the recount, one by one", faults, f"{len(mine)} hits in {len(texts)} documents")
    by_document = Counter((h[0], h[4]) for h in mine)
    table = Counter((doc_id, theme) for doc_id, _, _, _, theme in rows)
    report.check("hits by document and theme", [f"{k}: {table[k]}, recounted {by_document[k]}" for k in by_document | table if table[k] != by_document[k]])
    parent = {t["id"]: t.get("parent") for t in themes}
    by_theme = Counter()
    left_out = {doc_id for (doc_id,) in release.rows("copies", "doc_id")} if release.first_only() else set()
    for (doc_id, theme), number in by_document.items():
        if doc_id in left_out:
            continue
        by_theme[theme] += number
        if parent[theme]:
            by_theme[parent[theme]] += number
    profile = dict(release.rows("theme_profile", "theme", "hits"))
    report.check(
        "theme_profile.hits",
        [f"{t}: {profile.get(t)}, recounted {by_theme[t]}" for t in profile.keys() | parent.keys() if profile.get(t) != by_theme[t]],
        f"{len(profile)} themes, {time.monotonic() - began:.1f} s",
    )


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    report = Report()
    recount(Release(sys.argv[1]), sys.argv[2], report)
    report.end()


if __name__ == "__main__":
    main()
