"""statistics_pairs.py > tests/cases/statistics_pairs.toml

Writes what scipy, statsmodels and numpy say of some random inputs: G² and its
p-value (scipy.stats.power_divergence with lambda_="log-likelihood" over the 2 × 2
table), the adjustment of Benjamini and Hochberg (statsmodels), log-ratio, NPMI,
logDice and the best lag (numpy). `cargo test statistics_pairs` compares tifa with
the file. Same versions, same file; they stand in its first lines.
"""

import sys

import numpy
import scipy
import scipy.stats
import statsmodels
import statsmodels.stats.multitest

MAX_LAG, MIN_PAIRS = 12, 24


def g2(random):
    for i in range(40):
        n, m = (int(x) for x in random.integers(50, 10 ** random.integers(2, 8), 2))
        a, b = int(random.integers(0, min(n, 2000))), int(random.integers(0, min(m, 2000)))
        if i % 5 == 0:
            a = 0
        elif i % 7 == 0:
            b = 0
        if a + b == 0:
            continue
        observed = numpy.array([[a, n - a], [b, m - b]], dtype=float)
        expected = numpy.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
        statistic, p = scipy.stats.power_divergence(observed.ravel(), expected.ravel(), ddof=2, lambda_="log-likelihood")
        ratio = numpy.log2(((a or 0.5) / n) / ((b or 0.5) / m))
        yield "g2", {"a": a, "n": n, "b": b, "m": m, "g2": float(statistic), "p": float(p), "log_ratio": float(ratio)}


def adjusted(random):
    for size in (1, 2, 5, 40):
        p = random.random(size) ** 3
        if size > 4:
            p[1] = p[0]
        yield "adjusted", {"p": p.tolist(), "adjusted": statsmodels.stats.multitest.multipletests(p, method="fdr_bh")[1].tolist()}


def association(random):
    for _ in range(30):
        total = int(random.integers(10, 100_000))
        a, b = (int(x) for x in random.integers(1, total, 2))
        joint = int(random.integers(max(1, a + b - total), min(a, b) + 1))
        p = numpy.array([joint, a, b], dtype=float) / total
        if joint == total:
            continue
        npmi = numpy.log(p[0] / (p[1] * p[2])) / -numpy.log(p[0])
        dice = 14 + numpy.log2(2 * joint / (a + b))
        yield "association", {"joint": joint, "a": a, "b": b, "total": total, "npmi": float(npmi), "log_dice": float(dice)}


def lags(random):
    for i in range(12):
        months = int(random.integers(26, 120))
        first = numpy.round(random.random(months), 3)
        shift = int(random.integers(-8, 9))
        second = numpy.round(0.6 * numpy.roll(first, shift) + 0.4 * random.random(months), 3)
        if i % 3 == 0:
            # No value: the source is silent in the month.
            first[random.integers(0, months, 3)] = numpy.nan
            second[random.integers(0, months, 3)] = numpy.nan
        best = None
        for lag in range(-MAX_LAG, MAX_LAG + 1):
            x, y = (first[: months - lag], second[lag:]) if lag >= 0 else (first[-lag:], second[:lag])
            both = ~(numpy.isnan(x) | numpy.isnan(y))
            if both.sum() >= MIN_PAIRS:
                r = numpy.corrcoef(x[both], y[both])[0, 1]
                if best is None or r > best[0]:
                    best = (r, lag, int(both.sum()))
        if best:
            cells = lambda series: [-1.0 if numpy.isnan(v) else float(v) for v in series]  # noqa: E731
            yield "lag", {"first": cells(first), "second": cells(second), "months": best[1], "correlation": float(best[0]), "pairs": best[2]}


def main():
    random = numpy.random.default_rng(20240305)
    print("# Made by: python tests/outside/statistics_pairs.py > tests/cases/statistics_pairs.toml")
    print(f"# numpy {numpy.__version__}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, Python {sys.version.split()[0]}")
    print("# In `lag`, -1.0 stands for a month without a value.")
    for cases in (g2, adjusted, association, lags):
        for name, case in cases(random):
            print(f"\n[[{name}]]")
            for key, value in case.items():
                print(f"{key} = {value!r}")


if __name__ == "__main__":
    main()
