#!/usr/bin/env python3
"""Themes over time as an interactive Vega-Lite chart, made with Altair from the CSV files.

    python3 chart.py RELEASE_FOLDER OUTPUT.(html|png|svg|json) [THEME ...]

Needs altair, pandas and, for html and png, vl-convert-python. The page holds all
it shows and fetches nothing. Without themes, the five with the most hits.

A line is the rate per 10,000 Han characters; it is open where no source spoke, and
0 where sources spoke and the theme is absent. Grey bands are periods that miss
days of a source. The tooltip has the denominators.
"""

import os
import sys
from pathlib import Path

import altair
import pandas

# The first that is there draws; each has Chinese characters.
FONTS = "Noto Sans CJK SC, Noto Sans SC, WenQuanYi Micro Hei, PingFang SC, Microsoft YaHei, sans-serif"
COLORS = ["#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#b279a2", "#9d755d"]


def load(folder, themes):
    """Rows of the themes by months, or by years where fewer than 24 months have text."""
    rows = pandas.read_csv(folder / "csv" / "theme_frequency.csv", parse_dates=["period_start", "period_end"])
    rows = rows[rows["period_start"].notna()]
    months = rows[(rows["period"] == "month") & (rows["period_documents"] > 0)]["period_start"].nunique()
    rows = rows[rows["period"] == ("month" if months >= 24 else "year")]
    unknown = set(themes) - set(rows["theme"])
    if unknown:
        sys.exit(f"no such theme: {', '.join(sorted(unknown))}")
    if not themes:
        themes = rows[rows["level"] == 1].groupby("theme")["hits"].sum().nlargest(5).index
    rows = rows[rows["theme"].isin(themes)].copy()
    # A period without a row is one in which nobody was expected to speak: a row of
    # nulls opens the line there.
    step = "MS" if rows["period"].iloc[0] == "month" else "YS"
    every = pandas.date_range(rows["period_start"].min(), rows["period_start"].max(), freq=step)
    labels = rows.drop_duplicates("theme")[["theme", "theme_zh", "theme_en"]]
    whole = labels.merge(pandas.DataFrame({"period_start": every}), how="cross")
    whole = whole.merge(rows.drop(columns=["theme_zh", "theme_en"]), on=["theme", "period_start"], how="left").sort_values(["theme", "period_start"])
    # A point stands in the middle of its period, where the band and the bar have theirs.
    return whole.assign(middle=whole["period_start"] + pandas.Timedelta(days=15 if step == "MS" else 182))


def chart(rows, title):
    """Lines over bands, and the text they stand on below."""
    highlight = altair.selection_point(fields=["theme_zh"], bind="legend")
    axis, span = altair.X("middle:T", title=None), altair.X("period_start:T", title=None)
    partial = rows[rows["partial"] == True].drop_duplicates("period_start")  # noqa: E712
    bands = altair.Chart(partial[["period_start", "period_end"]]).mark_rect(color="#e8e8e8").encode(x=span, x2="period_end:T")
    base = altair.Chart(rows[["middle", "period_label", "theme_zh", "theme_en", "hits", "documents", "period_documents", "period_han_chars", "per_10k", "density", "small_n"]])
    color = altair.Color("theme_zh:N", title=None, scale=altair.Scale(range=COLORS), legend=altair.Legend(orient="top"))
    opacity = altair.condition(highlight, altair.value(1), altair.value(0.15))
    lines = base.mark_line(invalid="break-paths-show-domains").encode(
        x=axis, y=altair.Y("per_10k:Q", title="hits per 10,000 Han characters"), color=color, opacity=opacity
    )
    points = base.mark_point(filled=True, size=30).transform_filter("isValid(datum.per_10k)").encode(
        x=axis, y="per_10k:Q", color=color, opacity=opacity,
        tooltip=["period_label", "theme_zh", "theme_en", "hits", "documents", "period_documents", "period_han_chars",
                 altair.Tooltip("per_10k", format=".2f"), altair.Tooltip("density", format=".3f"), "small_n"],
    )  # fmt: skip
    text = rows.dropna(subset="period_end").drop_duplicates("period_start")[["period_start", "period_end", "period_label", "period_han_chars", "period_documents"]]
    below = altair.Chart(text).mark_rect(color="#999999", stroke="white").encode(
        x=span, x2="period_end:T", y=altair.Y("period_han_chars:Q", title="Han characters"), y2=altair.datum(0), tooltip=["period_label", "period_han_chars", "period_documents"]
    )  # fmt: skip
    above = altair.layer(bands, lines, points).add_params(highlight).properties(width=760, height=320, title=title)
    return altair.vconcat(above, below.properties(width=760, height=80)).resolve_scale(x="shared").configure(font=FONTS)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder, output, themes = Path(os.path.realpath(sys.argv[1])), sys.argv[2], sys.argv[3:]
    drawn = chart(load(folder, themes), f"themes of {folder.name}")
    if output.endswith(".html"):
        drawn.save(output, inline=True)
    else:
        drawn.save(output, **({"scale_factor": 2} if output.endswith(".png") else {}))


if __name__ == "__main__":
    main()
