-- Views over one release, for DuckDB 1.2 or later. They read the Parquet files
-- where they lie and copy nothing.
--
--     cd "$(realpath output/sample/latest)"      # resolve the link once
--     duckdb -init PATH/TO/examples/views.sql
--
-- or, from anywhere, with the folder in a variable:
--
--     SET VARIABLE release = '/srv/tifa/output/sample/releases/ID';
--     .read PATH/TO/examples/views.sql
--
-- The first part is a view for each table of `tifa schema`. The second part
-- joins them as most questions need them.

-- part 1: the tables -----------------------------------------------------------

CREATE OR REPLACE MACRO release_file(name) AS coalesce(getvariable('release'), '.') || '/tables/' || name;

-- Folders of part files, one a shard or a year.
CREATE OR REPLACE VIEW documents AS FROM read_parquet(release_file('documents/*.parquet'));
CREATE OR REPLACE VIEW sentences AS FROM read_parquet(release_file('sentences/*.parquet'));
CREATE OR REPLACE VIEW dates     AS FROM read_parquet(release_file('dates/*.parquet'));
CREATE OR REPLACE VIEW places    AS FROM read_parquet(release_file('places/*.parquet'));
CREATE OR REPLACE VIEW events    AS FROM read_parquet(release_file('events/*.parquet'));
CREATE OR REPLACE VIEW hits      AS FROM read_parquet(release_file('hits/*.parquet'));
CREATE OR REPLACE VIEW theme_breakdown AS FROM read_parquet(release_file('theme_breakdown/*.parquet'));
CREATE OR REPLACE VIEW theme_pairs     AS FROM read_parquet(release_file('theme_pairs/*.parquet'));

-- Single files.
CREATE OR REPLACE VIEW occasions       AS FROM read_parquet(release_file('occasions.parquet'));
CREATE OR REPLACE VIEW themes          AS FROM read_parquet(release_file('themes.parquet'));
CREATE OR REPLACE VIEW copies          AS FROM read_parquet(release_file('copies.parquet'));
CREATE OR REPLACE VIEW coverage        AS FROM read_parquet(release_file('coverage.parquet'));
CREATE OR REPLACE VIEW period_totals   AS FROM read_parquet(release_file('period_totals.parquet'));
CREATE OR REPLACE VIEW theme_frequency AS FROM read_parquet(release_file('theme_frequency.parquet'));
CREATE OR REPLACE VIEW theme_profile   AS FROM read_parquet(release_file('theme_profile.parquet'));
CREATE OR REPLACE VIEW theme_turns     AS FROM read_parquet(release_file('theme_turns.parquet'));
CREATE OR REPLACE VIEW theme_sources   AS FROM read_parquet(release_file('theme_sources.parquet'));
CREATE OR REPLACE VIEW keyness         AS FROM read_parquet(release_file('keyness.parquet'));
CREATE OR REPLACE VIEW candidates      AS FROM read_parquet(release_file('candidates.parquet'));
CREATE OR REPLACE VIEW rejects         AS FROM read_parquet(release_file('rejects.parquet'));

-- part 2: as most questions need them --------------------------------------------

-- Every hit with the words that it stands on: what was found, in which sentence,
-- said by whom, on which occasion, where to look it up. Offsets count code points
-- from 0, substr counts them from 1.
--     FROM hits_in_context WHERE theme = 'new-quality-productive-forces' ORDER BY doc_date;
CREATE OR REPLACE VIEW hits_in_context AS
SELECT h.theme, t.theme_zh, t.parent, h.term,
       substr(d.text, h.char_start + 1, h.char_end - h.char_start) AS found,
       substr(d.text, s.char_start + 1, s.char_end - s.char_start) AS sentence_text,
       h.voice, s.speaker, h.in_title,
       d.date_start AS doc_date, d.source, d.register, d.title, d.url,
       e.date_start AS event_date, e.name AS event_name, e.occasion_type, e.occasion_id,
       h.doc_id, h.sentence, h.char_start, h.char_end
FROM hits h
JOIN documents d USING (doc_id)
JOIN sentences s USING (doc_id, sentence)
JOIN themes t USING (theme)
LEFT JOIN events e ON e.event_id = h.event_id;

-- A theme in a period of any length: the rate with its denominator, and what of
-- the period the sources missed. `per_10k` is 0 where they spoke and the theme is
-- absent, null where none spoke: plot null as a gap, not as zero.
CREATE OR REPLACE VIEW theme_rates AS
WITH days AS (
    SELECT p.period, p.period_start,
           count(*) FILTER (WHERE c.expected) AS days_expected,
           count(*) FILTER (WHERE c.missing) AS days_missing,
           count(*) FILTER (WHERE c.suspiciously_short) AS days_short
    FROM (SELECT DISTINCT period, period_start, period_end FROM theme_frequency WHERE period_start IS NOT NULL) p
    JOIN coverage c ON c.unit = 'day' AND c.date_start >= p.period_start AND c.date_start <= coalesce(p.period_end, c.date_start)
    GROUP BY ALL
)
SELECT f.period, f.period_start, f.period_end, f.period_label, f.theme, f.theme_zh, f.theme_en, f.parent, f.level,
       f.hits, f.documents, f.period_documents, f.period_han_chars,
       f.per_10k, f.density, f.density_low, f.density_high, f.small_n, f.partial,
       coalesce(c.days_expected, 0) AS days_expected,
       coalesce(c.days_missing, 0) AS days_missing,
       coalesce(c.days_short, 0) AS days_short
FROM theme_frequency f LEFT JOIN days c ON c.period = f.period AND c.period_start = f.period_start
WHERE f.period_start IS NOT NULL;

CREATE OR REPLACE VIEW theme_months AS FROM theme_rates WHERE period = 'month';

-- The same in the length that the release has enough of: months if 24 of them
-- have text, else years.
CREATE OR REPLACE VIEW theme_over_time AS
FROM theme_rates
WHERE period = (SELECT CASE WHEN count(DISTINCT period_start) >= 24 THEN 'month' ELSE 'year' END
                FROM theme_frequency WHERE period = 'month' AND period_documents > 0);

-- The newest period with text against those before it: a month against twelve
-- months, a year against five years. `expected` is what their rate gives for as
-- many characters as the newest has; `log2_ratio` is 1 where the theme is twice as
-- frequent (half a hit is added to each side, so that zero has a ratio); `z` is the
-- difference in standard deviations of a Poisson count of at least half a hit.
-- Hits come in bursts, so z says what to read first and is no test.
CREATE OR REPLACE VIEW theme_movers AS
WITH newest AS (
    SELECT max(period_start) AS newest_start,
           max(period_start) - CASE any_value(period) WHEN 'month' THEN INTERVAL 12 MONTH ELSE INTERVAL 5 YEAR END AS begin
    FROM theme_over_time WHERE period_documents > 0
),
sides AS (
    SELECT r.theme, any_value(r.theme_zh) AS theme_zh, r.level, n.newest_start AS period_start,
           any_value(r.period_label) FILTER (WHERE r.period_start = n.newest_start) AS period_label,
           sum(r.hits) FILTER (WHERE r.period_start = n.newest_start) AS hits,
           sum(r.period_han_chars) FILTER (WHERE r.period_start = n.newest_start) AS han_chars,
           any_value(r.period_documents) FILTER (WHERE r.period_start = n.newest_start) AS period_documents,
           any_value(r.partial) FILTER (WHERE r.period_start = n.newest_start) AS partial,
           sum(r.hits) FILTER (WHERE r.period_start < n.newest_start) AS hits_before,
           sum(r.period_han_chars) FILTER (WHERE r.period_start < n.newest_start) AS han_chars_before
    FROM theme_over_time r, newest n
    WHERE r.period_start BETWEEN n.begin AND n.newest_start
    GROUP BY r.theme, r.level, n.newest_start
),
expecting AS (
    SELECT *, hits_before * han_chars / nullif(han_chars_before, 0) AS expected FROM sides
)
SELECT period_start, period_label, theme, theme_zh, level, hits, expected, hits_before,
       10000 * hits / nullif(han_chars, 0) AS per_10k,
       10000 * hits_before / nullif(han_chars_before, 0) AS per_10k_before,
       log2((hits + 0.5) / (expected + 0.5)) AS log2_ratio,
       (hits - expected) / sqrt(greatest(expected, 0.5)) AS z,
       period_documents, period_documents < 20 AS small_n, partial
FROM expecting;

-- Occasions with who was there and what was said: actors of all their mentions,
-- and the themes of the sentences in their scope, most hits first.
CREATE OR REPLACE VIEW occasions_with_actors AS
WITH actors AS (
    SELECT occasion_id, list(DISTINCT actor ORDER BY actor) AS actors
    FROM (SELECT occasion_id, unnest(actor_names) AS actor FROM events) GROUP BY ALL
),
said AS (
    SELECT e.occasion_id, h.theme, any_value(t.theme_zh) AS theme_zh, count(*) AS hits
    FROM hits h JOIN events e ON e.event_id = h.event_id JOIN themes t ON t.theme = h.theme
    GROUP BY ALL
),
themes_said AS (
    SELECT occasion_id, sum(hits)::BIGINT AS hits, list(theme_zh ORDER BY hits DESC, theme) AS themes
    FROM said GROUP BY ALL
)
SELECT o.*, coalesce(a.actors, []) AS actors, coalesce(s.hits, 0) AS hits, coalesce(s.themes, []) AS themes
FROM occasions o
LEFT JOIN actors a USING (occasion_id)
LEFT JOIN themes_said s USING (occasion_id);

-- What a speaker says: hits in reported speech by speaker and theme, beside all
-- Han characters that the speaker is given.
CREATE OR REPLACE VIEW speaker_themes AS
WITH spoken AS (
    SELECT speaker, count(*) AS sentences, sum(han_chars)::BIGINT AS han_chars
    FROM sentences WHERE speaker IS NOT NULL GROUP BY ALL
),
hit AS (
    SELECT s.speaker, h.theme, count(*) AS hits
    FROM hits h JOIN sentences s USING (doc_id, sentence)
    WHERE s.speaker IS NOT NULL GROUP BY ALL
)
SELECT p.speaker, h.theme, t.theme_zh, t.level, h.hits, p.sentences AS speaker_sentences,
       p.han_chars AS speaker_han_chars, 10000 * h.hits / p.han_chars AS per_10k
FROM hit h JOIN spoken p USING (speaker) JOIN themes t USING (theme);

-- Gaps: days (or years) in a row on which a source should have spoken and did not.
CREATE OR REPLACE VIEW gaps AS
WITH numbered AS (
    SELECT source, unit, date_start, date_end, missing,
           row_number() OVER (PARTITION BY source ORDER BY date_start)
             - row_number() OVER (PARTITION BY source, missing ORDER BY date_start) AS run
    FROM coverage WHERE expected
)
SELECT source, unit, min(date_start) AS gap_start, max(date_end) AS gap_end, count(*) AS units
FROM numbered WHERE missing GROUP BY source, unit, run;

-- How complete a source is in a month (a year, if it speaks once a year).
CREATE OR REPLACE VIEW source_months AS
SELECT source, unit, date_trunc('month', date_start)::DATE AS month,
       count(*) FILTER (WHERE expected) AS expected, count(*) FILTER (WHERE present) AS present,
       count(*) FILTER (WHERE missing) AS missing, count(*) FILTER (WHERE suspiciously_short) AS short,
       sum(documents)::BIGINT AS documents, sum(han_chars)::BIGINT AS han_chars
FROM coverage GROUP BY ALL;
