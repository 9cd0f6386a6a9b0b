"""phrase_figures.py > tests/cases/phrase_figures.toml

The figures of a phrase by scipy and numpy, for `src/tally/candidate/measure.rs`.
Needs scipy; run by hand when the cases change.
"""

import numpy as np
from scipy.stats import chi2_contingency, entropy

CASES = [
    ((189, 1329723, 0, 2059343), [60, 31, 20, 20, 9, 5, 3], 41),
    ((187, 2319278, 4, 2837389), [110, 30, 10, 8, 4, 1], 24),
    ((21, 1329723, 1, 2059343), [1, 1, 1, 1], 17),
    ((5, 20000, 0, 500000), [5], 0),
    ((907, 1329723, 398, 2059343), [], 907),
    ((40, 100000, 400, 120000), [20, 20], 0),
    ((63, 2319278, 2, 2837389), [7, 6, 5, 5, 5, 4, 3, 2, 2, 1, 1, 1, 1], 20),
]

print("# Written by tests/outside/phrase_figures.py: scipy.stats.chi2_contingency (log-likelihood, no")
print("# correction), scipy.stats.entropy, and numpy for the ratios. counts: occurrences in the window,")
print("# its characters, occurrences before, characters before.")
for (a, n, b, m), neighbours, edges in CASES:
    g2 = chi2_contingency([[a, n - a], [b, m - b]], correction=False, lambda_="log-likelihood").statistic
    g2 = -g2 if a / n < b / m else g2
    ratio = np.log2(((a + 0.5) / n) / ((b + 0.5) / m))
    low = ratio - 1.96 * np.sqrt(1 / (a + 0.5) + 1 / (b + 0.5)) / np.log(2)
    spread = entropy(neighbours + [1] * edges, base=2)
    pmi = np.log2((a / n) / (((a + b) / n) * ((n // 100) / n)))
    print(f"\n[[case]]\ncounts = [{a}, {n}, {b}, {m}]\ng2 = {float(g2)!r}\nlog_ratio = {float(ratio)!r}\nlog_ratio_low = {float(low)!r}")
    print(f"neighbours = {neighbours}\nedges = {edges}\nentropy = {float(spread)!r}\npmi = {float(pmi)!r}")
