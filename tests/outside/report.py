"""report.py        (the program is in the environment's TIFA)

Promise: the report of a release is a page that a person can open by double click.
Headless Chromium opens the report of the sample, of a corpus that means harm and
of corpora with little in them, in both languages, wide and narrow, light and dark:

- no message on the console, no request, nothing wider than a telephone;
- the script's first drawing is tifa's, and the theme picker, the measure, the
  period and the source change it;
- each number on the page is that of the tables, recomputed with DuckDB;
- text of the corpus is text, whatever it says;
- no word of the page is missing in either language.

Needs playwright and Debian's chromium (CHROMIUM, else /usr/bin/chromium). With
SHOTS set, screenshots are left in that folder. With TIFA_CORPORA, the
broadcasts of `xwlb` are read too.
"""

import json
import os
import re
import sys
import tempfile
import tomllib
from pathlib import Path

from playwright.sync_api import sync_playwright

from outside import BROADCASTS, LEXICON, REPOSITORY, Release, Report, binary, run, tifa_run

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
LANGUAGES = ("zh", "en")
MOST_BYTES = 5_000_000
HARM = "<img src=x onerror=\"window.harm=1\"></script><script>window.harm=2</script>"

PIPELINE = """
name = "{name}"
title = {title}
output = "../output"
[[source]]
name = "days"
files = ["{folder}/*.txt"]
layout = "text"
title = "first-line"
{date}
[tag]
lexicon = ["{lexicon}"]
{more}
"""

XWLB = (
    'name = "xwlb"\ntitle = "新闻联播"\noutput = "../output"\n'
    + BROADCASTS
    + '[tag]\nlexicon = ["{lexicon}"]\n[discover]\nwindows = ["2024"]\n'
)

# What the page shows of itself: a key where a text is missing.
KEYS = sorted(tomllib.loads((REPOSITORY / "src/write/report/words.toml").read_text(encoding="utf-8")))


def made(base, name, texts, date='date = "filename:%Y%m%d"\ncadence = "daily"', more="", title=None):
    """A pipeline over these texts, by file name."""
    folder = base / name
    (folder / "raw").mkdir(parents=True)
    for file, text in texts.items():
        (folder / "raw" / file).write_text(text, encoding="utf-8")
    pipeline = folder / "pipeline.toml"
    pipeline.write_text(PIPELINE.format(name=name, title=json.dumps(title or name), folder=folder / "raw", date=date, lexicon=LEXICON, more=more), encoding="utf-8")
    return pipeline


def pipelines(base):
    """Name → pipeline file."""
    plain = "会议3月1日在北京召开。会议强调，要发展新质生产力，推动高质量发展。\n"
    out = {"sample": REPOSITORY / "pipelines" / "sample.toml"}
    harm = {f"202403{day:02}.txt": f"{HARM}\n\n　　全省农业工作会议3月{day}日在哈尔滨召开。{HARM}新提法{plain}" for day in range(1, 20)}
    out["harm"] = made(base, "harm", harm, title=HARM, more='[discover]\nwindows = ["2024-03-10/2024-03-19"]\nmin_documents = 2\nmin_count = 2')
    out["no-hits"] = made(base, "no-hits", {f"202403{day:02}.txt": f"第{day}天\n\n　　今天天气很好。\n" for day in range(1, 4)})
    out["undated"] = made(base, "undated", {"a.txt": f"一篇\n\n　　{plain}"}, date="")
    out["one-day"] = made(base, "one-day", {"20240305.txt": f"一天\n\n　　{plain}"})
    corpora = os.environ.get("TIFA_CORPORA")
    if corpora:
        (base / "xwlb").mkdir()
        out["xwlb"] = base / "xwlb" / "pipeline.toml"
        out["xwlb"].write_text(XWLB.format(folder=Path(corpora) / "xwlb", lexicon=LEXICON), encoding="utf-8")
    return out


class Opened:
    """A page, with all that it said and asked for."""

    def __init__(self, browser, path, width=1280, scheme="light", scripts=True):
        self.said = []
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts)
        self.page.on("console", lambda m: self.said.append(f"console {m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.said.append(f"error: {e}"))
        self.page.on("request", lambda r: self.said.append(f"request {r.url}") if r.url != path.as_uri() else None)
        self.page.goto(path.as_uri())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.page.close()

    def lines(self):
        return self.page.eval_on_selector_all("#explorer-chart path.line", "all => all.map(p => p.getAttribute('d'))")

    def values(self, selector, attribute="data-v"):
        return self.page.eval_on_selector_all(selector, f"all => all.map(e => e.getAttribute('{attribute}'))")


def grouped(number):
    return f"{number:,}"


def looks(report, browser, name, pages):
    """Console, network, width, dark mode, print."""
    faults = []
    for language, path in pages.items():
        if path.stat().st_size >= MOST_BYTES:
            faults.append(f"{language}: {path.stat().st_size} bytes")
        backgrounds = {}
        for width in (1280, 390):
            for scheme in ("light", "dark"):
                with Opened(browser, path, width, scheme) as opened:
                    page = opened.page
                    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                    page.evaluate("document.querySelectorAll('button.toggle').forEach(b => b.click())")
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    if wide > width:
                        faults.append(f"{language} at {width}: the page is {wide} wide")
                    backgrounds[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
                    unnamed = page.eval_on_selector_all(
                        "[role=img], [role=group], [role=region]",
                        "all => all.filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby'))).length")
                    if unnamed:
                        faults.append(f"{language}: {unnamed} charts without a text alternative")
                    broken = page.evaluate("/NaN|undefined|Infinity|\\[object/.test(document.querySelector('main').innerText)")
                    if broken:
                        faults.append(f"{language}: NaN or the like on the page")
                    if os.environ.get("SHOTS"):
                        folder = Path(os.environ["SHOTS"])
                        folder.mkdir(parents=True, exist_ok=True)
                        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = d.classList.contains('picker'); })")
                        page.screenshot(path=folder / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
                    faults += [f"{language} at {width}, {scheme}: {line}" for line in opened.said]
        light, dark = (sum(map(int, re.findall(r"\d+", backgrounds[s])[:3])) for s in ("light", "dark"))
        if not (light > 600 and dark < 200):
            faults.append(f"{language}: dark mode does not change the page: {backgrounds}")
        with Opened(browser, path) as opened:
            if len(opened.page.pdf()) < 10_000:
                faults.append(f"{language}: it does not print")
    report.check(f"{name}: opens without a message, a request or a scroll, light and dark, wide and narrow", faults)


def language(report, browser, name, pages):
    """No key instead of a text; no Chinese in the English page but quotes and names."""
    faults = []
    for code, path in pages.items():
        with Opened(browser, path) as opened:
            page = opened.page
            text = page.evaluate("document.querySelector('main').textContent + ' ' + document.querySelector('nav').textContent")
            words = set(re.split(r"[^\w-]+", re.sub(r"\{.*?\}|<.*?>", " ", text)))
            faults += [f"{code}: the key {key} shows" for key in KEYS if "-" in key and key in words]
            if re.search(r"\{\d\}", page.inner_text("main")):
                faults.append(f"{code}: a text is not filled in")
            if code == "en":
                han = page.evaluate(
                    """() => { const out = []; const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
                    while (walk.nextNode()) { const node = walk.currentNode, of = node.parentElement;
                      if (/[\\u4e00-\\u9fff]/.test(node.data) && !of.closest('[lang=zh], .level, script, style, title') && !of.closest('#method table')) out.push(node.data.trim()); }
                    return out; }""")
                faults += [f"en: Chinese outside of a quote: {text[:60]}" for text in han]
            if page.evaluate("document.documentElement.lang") != {"zh": "zh-Hans", "en": "en"}[code]:
                faults.append(f"{code}: the page does not name its language")
    report.check(f"{name}: both languages are whole", faults)


def picker(report, browser, name, path, tables):
    """The script draws what tifa drew, and what is chosen."""
    faults = []
    with Opened(browser, path, scripts=False) as plain, Opened(browser, path) as opened:
        page = opened.page
        if plain.lines() != opened.lines():
            faults.append("the script's first drawing is not tifa's")
        marks = "all => all.map(t => t.textContent)"
        if plain.page.eval_on_selector_all("#explorer-chart text", marks) != page.eval_on_selector_all("#explorer-chart text", marks):
            faults.append("the marks of the script's axes are not tifa's")
        cells = "all => all.map(c => c.textContent.trim())"
        if plain.page.eval_on_selector_all("#explorer-table tbody *", cells) != page.eval_on_selector_all("#explorer-table tbody *", cells):
            faults.append("the numbers of the script's table are not tifa's")
        seen = [opened.lines()]

        def changed(what):
            now = opened.lines()
            if now == seen[-1]:
                faults.append(f"{what} does not change the chart")
            seen.append(now)

        page.select_option("[name=measure]", "rate")
        changed("the measure")
        page.fill("#explorer-form [name=find]", "新质生产力" if page.evaluate("document.documentElement.lang") != "en" else "new quality")
        box = page.locator("#explorer-themes label:not([hidden]) input").first
        before = len(opened.lines())
        box.click()
        changed("a chosen theme")
        if len(opened.lines()) != before + (1 if box.is_checked() else -1):
            faults.append("a theme more does not draw a line more")
        periods = page.eval_on_selector_all("[name=period] option", "all => all.map(o => o.value)")
        for period in periods:
            page.select_option("[name=period]", period)
        page.select_option("[name=period]", periods[0])
        sources = page.eval_on_selector_all("#explorer-form [name=source] option", "all => all.map(o => o.value)")
        for source in sources[1:]:
            page.select_option("#explorer-form [name=source]", source)
            if opened.page.inner_text("#explorer-note"):
                faults.append(f"the source {source} has no numbers")
        page.select_option("#explorer-form [name=source]", "")
        # One theme in each length of period: its numbers are those of theme_frequency.
        page.click("[name=clear]")
        if opened.lines() or not page.inner_text("#explorer-note"):
            faults.append("clear leaves lines, or says nothing")
        theme = tables.sql("select theme from theme_profile where level = 1 order by documents desc, theme limit 1").fetchall()[0][0]
        at = [row[0] for row in tables.sql("select theme from theme_profile").fetchall()].index(theme)
        page.fill("#explorer-form [name=find]", "")
        page.locator("#explorer-themes input").nth(at).check()
        for period in periods:
            page.select_option("[name=period]", period)
            shown = page.eval_on_selector_all("#explorer-table tbody tr", "all => all.map(r => [...r.cells].map(c => c.textContent))")
            wanted = tables.execute(
                "select period_documents, period_han_chars, hits, documents, density, per_10k from theme_frequency where period = ? and theme = ? and period_start is not null order by period_start",
                [period, theme]).fetchall()
            if len(shown) != len(wanted):
                faults.append(f"{period}: {len(shown)} rows for {len(wanted)}")
            for row, (all_documents, chars, hits, documents, density, rate) in zip(shown, wanted):
                spoken = [grouped(hits), grouped(documents), f"{int(density * 1000 + 0.5) / 10:.1f}%"] if all_documents and hits is not None else []
                got = [row[1], row[2], *(row[3:6] if spoken else [])]
                if got != [grouped(all_documents), grouped(chars), *spoken] and not (spoken and 0 < density < 0.001):
                    faults.append(f"{period} {row[0]}: {got} for {[all_documents, chars, *spoken]}")
        page.focus("#explorer-chart")
        page.keyboard.press("End")
        if not page.inner_text("#explorer-at"):
            faults.append("the keyboard reads nothing from the chart")
        faults += opened.said
    report.check(f"{name}: the theme picker draws what is chosen", faults)


def numbers(report, browser, name, path, release):
    """The page's numbers are those of the tables."""
    faults = []
    tables = release.duckdb()
    ask = lambda sql, *of: tables.execute(sql, list(of)).fetchall()  # noqa: E731

    def same(what, got, wanted):
        if got != wanted:
            faults.append(f"{what}: the page has {got}, the tables {wanted}")

    with Opened(browser, path) as opened:
        page = opened.page
        figures = dict(page.eval_on_selector_all("[data-figure]", "all => all.map(e => [e.dataset.figure, Number(e.dataset.v)])"))
        documents, han, sentences = ask("select count(*), coalesce(sum(han_chars), 0)::bigint, coalesce(sum(sentences), 0)::bigint from documents where not preamble")[0]
        same("documents", figures["documents"], documents)
        same("han_chars", figures["han_chars"], han)
        same("sentences", figures["sentences"], sentences)
        same("hits", figures["hits"], ask("select count(*) from hits join documents using (doc_id) where not preamble")[0][0])
        same("themes", figures["themes"], ask("select count(*) from themes")[0][0])
        same("occasions", figures["occasions"], ask("select count(*) from occasions")[0][0])
        sources = page.eval_on_selector_all("#sources tbody tr", "all => all.map(r => [r.cells[0].textContent, Number(r.cells[3].dataset.v), Number(r.cells[4].dataset.v)])")
        same("sources", [list(r) for r in sources], [list(r) for r in ask("select source, count(*), count(*) filter (date_start is null) from documents where not preamble group by source order by source")])
        gaps = sum(int(v) for v in opened.values("table.gaps td[data-v]"))
        same("missing units", gaps, ask("select count(*) from coverage where missing")[0][0])
        rows = page.eval_on_selector_all("#heat-table tbody tr", "all => all.map(r => [r.dataset.theme, Number(r.cells[4].dataset.v), Number(r.cells[6].dataset.v), r.cells[3].textContent.trim()])")
        wanted = ask("""select p.theme, coalesce(f.documents, 0), p.hits, f.density from theme_profile p
            left join theme_frequency f on f.theme = p.theme and f.period = p.heat_period and f.period_start = p.heat_start where p.documents > 0""")
        wanted = {theme: (documents, hits, density) for theme, documents, hits, density in wanted}
        same("themes by heat", sorted(r[0] for r in rows), sorted(wanted))
        for theme, documents, hits, share in rows:
            now = wanted.get(theme)
            if now and (documents, hits) != now[:2]:
                faults.append(f"{theme}: {documents}, {hits} for {now}")
            if now and now[2] is not None and abs(float(share.rstrip("%")) - now[2] * 100) > 0.051:
                faults.append(f"{theme}: {share} for {now[2]}")
        # Movers, against the shares of their two periods.
        movers = page.eval_on_selector_all("table.movers tbody tr", "all => all.map(r => [r.dataset.theme, r.cells[3].querySelector('small').textContent, r.cells[4].querySelector('small').textContent])")
        for theme, before, now in movers:
            found = ask("""select f.documents || '/' || f.period_documents from theme_frequency f join theme_profile p using (theme)
                where theme = ? and f.period = p.heat_period and f.period_start <= p.heat_start and f.period_documents > 0 order by f.period_start desc limit 2""", theme)
            same(f"{theme} moved", [now.replace(",", ""), before.replace(",", "")], [r[0] for r in found])
        # Grids: hits of the whole corpus by member.
        for grid, breakdown in (("types", "occasion_type"), ("provinces", "province")):
            shown = sum(int(v) for v in opened.values(f"#{grid}-table tbody td[data-v]"))
            names = page.eval_on_selector_all(f"#{grid}-table tbody th", "all => all.map(e => e.textContent)")
            if names:
                column = "theme_en" if page.evaluate("document.documentElement.lang") == "en" else "theme_zh"
                total = ask(f"""select sum(b.hits)::bigint from theme_breakdown b join theme_profile p using (theme)
                    where b.period = 'year' and b.breakdown = ? and b.member <> 'none' and list_contains(?, p.{column}) and p.level = 1""", breakdown, names)[0][0]
                same(f"hits by {breakdown}", shown, total)
        pairs = [int(v) for v in opened.values("#pairs-table td[data-v]")]
        wanted = ask("select documents from theme_pairs where period = 'whole' and level = 1 and not small_n and log_dice_document is not null order by log_dice_document desc, theme_a, theme_b limit 25")
        same("pairs", pairs, [r[0] for r in wanted])
        shown = page.eval_on_selector_all("#method table[data-period] tbody tr", "all => all.map(r => [r.closest('table').dataset.period, Number(r.cells[1].dataset.v), Number(r.cells[2].dataset.v)]).filter(r => r[1])")
        for period in sorted({row[0] for row in shown}):
            some = [tuple(row[1:]) for row in shown if row[0] == period]
            wanted = ask("select documents, han_chars from period_totals where period = ? and breakdown = 'all' and period_start is not null order by period_start", period)
            same(f"denominators by {period}", some, [r for r in wanted[-120:] if r[0]])
        # Each shown sentence is that of its offsets.
        quotes = page.eval_on_selector_all(".occasions blockquote", "all => all.map(q => [q.querySelector('code').textContent, q.querySelector('p').textContent])")
        texts = dict(ask("select doc_id, text from documents"))
        for place, quote in quotes:
            doc_id, start, end = re.fullmatch(r"(.*)\[(\d+):(\d+)\]", place).groups()
            text = texts[doc_id][int(start) : int(end)]
            if not (text == quote or (quote.endswith("…") and text.startswith(quote[:-1]))):
                faults.append(f"{place}: {quote[:40]} for {text[:40]}")
        if ask("select count(*) from occasions")[0][0] and not quotes:
            faults.append("no occasion has its sentence")
        faults += opened.said
    report.check(f"{name}: its numbers are those of the tables", faults)
    return tables


def occasion_links(report, browser, name, path):
    """A dot of the time line leads to its occasion and opens its sentences; filters hide."""
    faults = []
    with Opened(browser, path) as opened:
        page = opened.page
        page.evaluate("document.querySelector('#occasions .strip a').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))")
        page.wait_for_function("location.hash.startsWith('#o-')")
        page.wait_for_timeout(100)
        if not page.evaluate("document.querySelector('.occasions > li:target details')?.open"):
            faults.append("the occasion is not opened")
        before = page.locator(".occasions > li:visible").count()
        page.select_option("#occasions-form [name=type]", index=1)
        after = page.locator(".occasions > li:visible").count()
        if not 0 < after <= before:
            faults.append(f"the filter leaves {after} of {before}")
        first = page.inner_text("#heat-table tbody th")
        page.click("#heat-table thead th:nth-child(7) button")
        values = [int(v) for v in opened.values("#heat-table tbody tr td:nth-child(7)")]
        if values != sorted(values, reverse=True):
            faults.append(f"the table is not sorted by the chosen column (first was {first})")
        faults += opened.said
    report.check(f"{name}: occasions, filters and columns answer", faults)


def harmless(report, browser, pages):
    """What means harm is shown as text."""
    faults = []
    for code, path in pages.items():
        with Opened(browser, path) as opened:
            page = opened.page
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
            page.wait_for_timeout(200)
            if page.evaluate("window.harm !== undefined"):
                faults.append(f"{code}: a script of the corpus ran")
            if page.locator("img").count():
                faults.append(f"{code}: an image of the corpus is an image")
            if HARM.split(">")[0] not in page.inner_text("h1") or "<img src=x" not in page.inner_text(".occasions"):
                faults.append(f"{code}: the title is not shown as it is")
            faults += [f"{code}: {line}" for line in opened.said]
    report.check("harm: a title of markup shows as text", faults)


def main():
    if not os.access(CHROMIUM, os.X_OK):
        sys.exit(f"there is no {CHROMIUM}: install Debian's chromium, or set CHROMIUM")
    report = Report()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        base = Path(scratch)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, pipeline in pipelines(base).items():
            out = base / "out" / name
            done = tifa_run(pipeline, out)
            if not report.check(f"{name}: runs", [] if done.code == 0 else [done.told()]):
                continue
            release = Release(next((out / "output").glob("*/latest")))
            pages = {}
            for code in LANGUAGES:
                pages[code] = base / f"{name}-{code}.html"
                again = run([binary(), "report", pipeline, "--output", out / "output", "--lang", code, "--file", pages[code]])
                if again.code != 0:
                    report.check(f"{name}: the report in {code}", [again.told()])
            report.check(f"{name}: made again, it is that of the release", pages["zh"].read_bytes() != (release.folder / "report.html").read_bytes(), f"{pages['zh'].stat().st_size:,} bytes")
            looks(report, browser, name, pages)
            language(report, browser, name, pages)
            for code in LANGUAGES if name in ("sample", "xwlb") else ("zh",):
                tables = numbers(report, browser, f"{name} {code}", pages[code], release)
            if name in ("sample", "xwlb"):
                for code in LANGUAGES:
                    picker(report, browser, f"{name} {code}", pages[code], tables)
                occasion_links(report, browser, name, pages["zh"])
            if name == "harm":
                harmless(report, browser, pages)
        browser.close()
    report.end()


if __name__ == "__main__":
    main()
