"""statistics.py [OUTPUT]        (default: tests/cases/statistics.toml of this repository)

Promise: the statistics of tally are those of programs that are not ours. Makes
the case file that `cargo test statistics` reads, from random inputs
of a fixed seed, by numpy, scipy, statsmodels and pymannkendall:

    python3 -m venv venv && venv/bin/pip install numpy scipy statsmodels pymannkendall
    venv/bin/python tests/outside/statistics.py

pymannkendall speaks for Mann–Kendall, plain and by season (it leaves gaps out),
scipy for Theil–Sen slopes, tails of the normal distribution and Fisher's test,
statsmodels for Wilson intervals. No package was found that finds bursts exactly,
so bursts are the cheapest of all paths by scipy's binomial likelihoods.
"""

import importlib.metadata
import itertools
import math
import sys
from pathlib import Path

import numpy
import pymannkendall
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

OUTPUT = Path(__file__).resolve().parents[1] / "cases" / "statistics.toml"


def number(value):
    """A float as TOML has it, all digits."""
    return "nan" if math.isnan(value) else repr(float(value))


def numbers(values):
    return "[" + ", ".join(number(v) for v in values) + "]"


def case(kind, **fields):
    lines = [f"[[{kind}]]"]
    for name, value in fields.items():
        if isinstance(value, (list, tuple, numpy.ndarray)):
            whole = all(isinstance(v, (int, numpy.integer)) for v in value)
            value = "[" + ", ".join(str(int(v)) for v in value) + "]" if whole else numbers(value)
        elif isinstance(value, (int, numpy.integer)):
            value = str(int(value))
        else:
            value = number(value)
        lines.append(f"{name} = {value}")
    return "\n".join(lines) + "\n"


def wilson(random):
    for part, whole in [(0, 1), (1, 1), (0, 10), (10, 10), (1, 10), (37, 1523), (100000, 2000000)] + [
        (int(random.integers(0, n + 1)), n) for n in (3, 17, 250, 4000)
    ]:
        low, high = proportion_confint(part, whole, alpha=0.05, method="wilson")
        yield case("wilson", part=part, whole=whole, low=max(low, 0.0), high=min(high, 1.0))


def series(random):
    """Series with trend, ties, zeros and gaps; gaps are NaN."""
    for length, slope, ties, gaps in [(4, 0.0, False, 0), (10, 0.3, False, 0), (12, -0.2, True, 0), (27, 0.05, True, 3), (36, 0.0, False, 4), (60, 0.01, True, 9), (120, -0.004, False, 0), (15, 0.0, True, 2)]:
        values = random.normal(3, 1, length) + slope * numpy.arange(length)
        values = numpy.maximum(values, 0)
        if ties:
            values = numpy.round(values)
        values[random.choice(length, gaps, replace=False)] = numpy.nan
        yield values
    yield numpy.zeros(24)
    yield numpy.concatenate([numpy.zeros(20), [1.0, 4.0, 2.0, 8.0]])


def trends(random):
    for values in series(random):
        kept = ~numpy.isnan(values)
        plain = pymannkendall.original_test(values)
        season = pymannkendall.seasonal_test(values, period=12) if len(values) >= 24 else None
        at = numpy.arange(len(values))
        slope = stats.theilslopes(values[kept], at[kept])[0]
        fields = dict(values=values, slope=slope, s=plain.s, variance=plain.var_s, z=plain.z, p=plain.p)
        if season:
            fields |= dict(season_s=season.s, season_variance=season.var_s, season_z=season.z, season_p=season.p)
        yield case("trend", **fields)


def normal():
    for z in (0.0, 0.5, 1.0, 1.959963984540054, 3.3, 6.0, 12.0, 30.0):
        yield case("normal", z=z, p=2 * stats.norm.sf(z))


def fisher(random):
    """One-sided: as many or more of the documents now have the theme."""
    tables = [(5, 10, 1, 90), (0, 10, 5, 90), (30, 400, 40, 5000), (400, 420, 40, 5000), (1, 1, 0, 3), (7, 7, 0, 300)]
    tables += [tuple(int(v) for v in (random.integers(0, 20), random.integers(20, 300), random.integers(0, 40), random.integers(40, 2000))) for _ in range(8)]
    for now, whole_now, before, whole_before in tables:
        table = [[now, whole_now - now], [before, whole_before - before]]
        p = stats.fisher_exact(table, alternative="greater").pvalue
        log_p = stats.hypergeom(whole_now + whole_before, now + before, whole_now).logsf(now - 1) if now else 0.0
        yield case("fisher", now=now, whole_now=whole_now, before=before, whole_before=whole_before, p=p, log_p=log_p)


def bursts(random):
    """The cheapest of all paths, by scipy's binomial likelihoods."""
    for length, states, scale, cost in [(6, 2, 2.0, 1.0), (10, 2, 2.0, 1.0), (12, 2, 1.5, 0.5), (8, 3, 2.0, 1.0), (7, 4, 1.5, 0.5)]:
        whole = random.integers(20, 200, length)
        share = numpy.where((numpy.arange(length) >= length // 3) & (numpy.arange(length) < 2 * length // 3), 0.25, 0.05)
        part = random.binomial(whole, share)
        base = part.sum() / whole.sum()
        rates = [min(base * scale**i, 0.9999) for i in range(states)]
        told = [[-stats.binom.logpmf(r, d, p) for p in rates] for r, d in zip(part, whole)]
        up = cost * math.log(length)
        paid = lambda path: sum(told[t][q] for t, q in enumerate(path)) + sum(max(b - a, 0) * up for a, b in zip((0,) + path, path))  # noqa: E731
        best, path = min((paid(path), path) for path in itertools.product(range(states), repeat=length))
        # Without the binomial coefficients, which are the same on every path.
        constant = sum(-(math.lgamma(d + 1) - math.lgamma(r + 1) - math.lgamma(d - r + 1)) for r, d in zip(part, whole))
        weight = sum(told[t][0] - told[t][1] for t, q in enumerate(path) if q >= 1)
        yield case("burst", part=part, whole=whole, states=states, scale=scale, up=cost, cost=best - constant, path=list(path), weight=weight)


def dispersion(random):
    for length in (2, 3, 12, 40):
        size = random.integers(100, 5000, length)
        hits = random.poisson(size / 500)
        if not hits.sum():
            hits[0] = 1
        s = size / size.sum()
        d = numpy.abs(hits / hits.sum() - s).sum() / 2
        yield case("dispersion", hits=hits, size=size, dp_norm=d / (1 - s.min()))


def main():
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    output = Path(sys.argv[1]) if len(sys.argv) == 2 else OUTPUT
    random = numpy.random.default_rng(20240306)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy", "statsmodels", "pymannkendall"))
    text = f"# Made by tests/outside/statistics.py with {versions}:\n# python tests/outside/statistics.py\n# A gap in a series is nan. What each table holds is said there.\n\n"
    text += "\n".join(part for make in (wilson(random), trends(random), normal(), fisher(random), bursts(random), dispersion(random)) for part in make)
    output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
