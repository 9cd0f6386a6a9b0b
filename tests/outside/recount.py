"""recount.py RELEASE_FOLDER LEXICON_GLOB

Promise: the counts of every theme are right to the last hit. Every occurrence of
every term is looked for with `str.find` in `documents.text`, every pattern with
a regular expression at each place of its first part; what a theme's `not_in`
excludes is taken away. One whose characters all belong to another that has
more is dropped, unless its theme is `nested`; of overlapping ones of one term
the leftmost counts. The result must equal `hits`, hit by hit, and
`theme_profile.hits`, where a parent has its children's. Where only the
first of a group of copies counts, the profile leaves the others out.
"""

import glob
import re
import sys
import time
import tomllib
from collections import Counter

from outside import Release, Report

# The most characters between the parts of a pattern, where its theme says nothing.
GAP = 10


def lexicon(pattern):
    """All themes of the files that a pattern matches."""
    themes = []
    for path in sorted(glob.glob(pattern)):
        with open(path, "rb") as file:
            themes += tomllib.load(file).get("theme", [])
    return themes


def everywhere(text, word):
    """Where a word begins and ends, at every position, overlaps included."""
    at = text.find(word)
    while at >= 0:
        yield at, at + len(word)
        at = text.find(word, at + 1)


def occurrences(text, themes):
    """Every term that is there: (start, end, term), and the pieces of text that it is made of."""
    found = []
    for theme in themes:
        hidden = [span for word in theme.get("not_in", []) for span in everywhere(text, word)]
        there = lambda s, e: not any(a <= s and e <= b for a, b in hidden)  # noqa: B023, E731
        for term in theme["terms"]:
            first, gap, second = term.partition("…")
            if not gap:
                found += [((s, e, term), [(s, e)]) for s, e in everywhere(text, term) if there(s, e)]
                continue
            between = re.compile(f"[^。！？；｡!?;\\r\\n]{{0,{theme.get('gap', GAP)}}}")
            firsts = [p for p in everywhere(text, first) if there(*p)]
            seconds = [p for p in everywhere(text, second) if there(*p)] if firsts else []
            spans = [(a, b) for a in firsts for b in seconds if a[1] <= b[0] and between.fullmatch(text, a[1], b[0])]
            shortest = [(a, b) for a, b in spans if not any((c, d) != (a, b) and a[0] <= c[0] and d[1] <= b[1] for c, d in spans)]
            found += [((a[0], b[1], term), [a, b]) for a, b in shortest]
    return found


def counted(text, themes, nested):
    """The occurrences that count."""
    found = [(span, {i for s, e in pieces for i in range(s, e)}) for span, pieces in occurrences(text, themes)]
    order = {term: ("…" in term, n) for n, term in enumerate(term for t in themes for term in t["terms"])}
    kept, last = [], {}
    for (start, end, term), mine in sorted(found, key=lambda f: f[0]):
        inside = term not in nested and any(
            s <= start and end <= e and (mine < other or (mine == other and order[t] < order[term])) for (s, e, t), other in found
        )
        if not inside and start >= last.get(term, 0):
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
    mine = {(doc_id, *hit, theme_of[hit[2]]) for doc_id, text in texts.items() for hit in counted(text, themes, nested)}
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
