-- Views for dashboards over the tables that are single files. load.py makes them
-- in the schema that it loads; to add your own that survive the next load, put
-- them here (a view elsewhere that reads these tables is dropped with the old
-- schema).

-- A theme in a month. per_10k is 0 where the sources spoke and the theme is
-- absent, null where none spoke.
CREATE VIEW theme_months AS
WITH days AS (
  SELECT date_trunc('month', date_start)::date AS month,
         count(*) FILTER (WHERE expected) AS days_expected,
         count(*) FILTER (WHERE missing) AS days_missing,
         count(*) FILTER (WHERE suspiciously_short) AS days_short
  FROM coverage WHERE unit = 'day' GROUP BY 1
)
SELECT f.period_start AS month, f.theme, f.theme_zh, f.theme_en, f.parent, f.level,
       f.hits, f.documents, f.period_documents, f.period_han_chars,
       f.per_10k, f.density, f.density_low, f.density_high, f.small_n, f.partial,
       coalesce(c.days_expected, 0) AS days_expected,
       coalesce(c.days_missing, 0) AS days_missing,
       coalesce(c.days_short, 0) AS days_short
FROM theme_frequency f LEFT JOIN days c ON c.month = f.period_start
WHERE f.period = 'month' AND f.period_start IS NOT NULL;
COMMENT ON VIEW theme_months IS 'a theme in a month: rate, denominators, and what of the month the sources missed';

-- The newest month with text against the twelve before it. expected: hits that
-- the rate of those twelve gives for the characters of the newest month;
-- log2_ratio: 1 is twice as frequent (half a hit added to each side); z: the
-- difference in standard deviations of a Poisson count. Hits come in bursts, so
-- z says what to read first and is no test.
CREATE VIEW theme_movers AS
WITH newest AS (SELECT max(month) AS month FROM theme_months WHERE period_documents > 0),
sides AS (
  SELECT m.theme, m.theme_zh, m.level, n.month,
         sum(m.hits) FILTER (WHERE m.month = n.month) AS hits,
         sum(m.period_han_chars) FILTER (WHERE m.month = n.month) AS han_chars,
         sum(m.period_documents) FILTER (WHERE m.month = n.month) AS period_documents,
         bool_or(m.partial) FILTER (WHERE m.month = n.month) AS partial,
         sum(m.hits) FILTER (WHERE m.month < n.month) AS hits_before,
         sum(m.period_han_chars) FILTER (WHERE m.month < n.month) AS han_chars_before
  FROM theme_months m CROSS JOIN newest n
  WHERE m.month BETWEEN n.month - interval '12 months' AND n.month
  GROUP BY m.theme, m.theme_zh, m.level, n.month
),
expecting AS (
  SELECT *, (hits_before * han_chars / nullif(han_chars_before, 0))::double precision AS expected FROM sides
)
SELECT month, theme, theme_zh, level, hits::bigint AS hits, expected, hits_before::bigint AS hits_before,
       (10000 * hits / nullif(han_chars, 0))::double precision AS per_10k,
       (10000 * hits_before / nullif(han_chars_before, 0))::double precision AS per_10k_before,
       log((hits::double precision + 0.5) / (expected + 0.5)) / log(2.0::double precision) AS log2_ratio,
       (hits - expected) / nullif(sqrt(expected), 0) AS z,
       period_documents::bigint AS period_documents, period_documents < 20 AS small_n, partial
FROM expecting;
COMMENT ON VIEW theme_movers IS 'a theme in the newest month against the twelve months before it';

-- Days (or years) in a row on which a source should have spoken and did not.
CREATE VIEW gaps AS
WITH numbered AS (
  SELECT source, unit, date_start, date_end, missing,
         row_number() OVER (PARTITION BY source ORDER BY date_start)
           - row_number() OVER (PARTITION BY source, missing ORDER BY date_start) AS run
  FROM coverage WHERE expected
)
SELECT source, unit, min(date_start) AS gap_start, max(date_end) AS gap_end, count(*) AS units
FROM numbered WHERE missing GROUP BY source, unit, run;
COMMENT ON VIEW gaps IS 'a gap in a source: units in a row that are missing';

-- How complete a source is in a month.
CREATE VIEW source_months AS
SELECT source, unit, date_trunc('month', date_start)::date AS month,
       count(*) FILTER (WHERE expected) AS expected, count(*) FILTER (WHERE present) AS present,
       count(*) FILTER (WHERE missing) AS missing, count(*) FILTER (WHERE suspiciously_short) AS short,
       sum(documents)::bigint AS documents, sum(han_chars)::bigint AS han_chars
FROM coverage GROUP BY 1, 2, 3;
COMMENT ON VIEW source_months IS 'how complete a source is in a month';

-- How old the data is, source by source. A table tells no "now": the dashboard
-- subtracts.
CREATE VIEW freshness AS
SELECT c.source, max(c.date_start) FILTER (WHERE c.present) AS newest_text,
       count(*) FILTER (WHERE c.missing) AS missing, count(*) FILTER (WHERE c.suspiciously_short) AS short,
       r.release, r.published, r.records_rejected
FROM coverage c CROSS JOIN release r
GROUP BY c.source, r.release, r.published, r.records_rejected;
COMMENT ON VIEW freshness IS 'the newest day of each source, and the release that is loaded';

-- Turning points, newest first.
CREATE VIEW turns AS
SELECT period_start, period_end, kind, theme, theme_zh, level, documents, density, baseline_density, weight, censored
FROM theme_turns ORDER BY period_start DESC, weight DESC;
COMMENT ON VIEW turns IS 'turning points of themes, newest first';
