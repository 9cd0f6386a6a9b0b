-- Views for dashboards over the tables that are single files. load.py makes them
-- in the schema that it loads; to add your own that survive the next load, put
-- them here (a view elsewhere that reads these tables is dropped with the old
-- schema).

-- A theme in a period of any length. per_10k is 0 where the sources spoke and the
-- theme is absent, null where none spoke.
CREATE VIEW theme_rates AS
WITH days AS (
  SELECT p.period, p.period_start,
         count(*) FILTER (WHERE c.expected) AS days_expected,
         count(*) FILTER (WHERE c.missing) AS days_missing,
         count(*) FILTER (WHERE c.suspiciously_short) AS days_short
  FROM (SELECT DISTINCT period, period_start, period_end FROM theme_frequency WHERE period_start IS NOT NULL) p
  JOIN coverage c ON c.unit = 'day' AND c.date_start BETWEEN p.period_start AND coalesce(p.period_end, 'infinity')
  GROUP BY p.period, p.period_start
)
SELECT f.period, f.period_start, f.period_end, f.period_label, f.theme, f.theme_zh, f.theme_en, f.parent, f.level,
       f.hits, f.documents, f.period_documents, f.period_han_chars,
       f.per_10k, f.density, f.density_low, f.density_high, f.small_n, f.partial,
       coalesce(c.days_expected, 0) AS days_expected,
       coalesce(c.days_missing, 0) AS days_missing,
       coalesce(c.days_short, 0) AS days_short
FROM theme_frequency f LEFT JOIN days c ON c.period = f.period AND c.period_start = f.period_start
WHERE f.period_start IS NOT NULL;
COMMENT ON VIEW theme_rates IS 'a theme in a period: rate, denominators, and what of the period the sources missed';

CREATE VIEW theme_months AS SELECT * FROM theme_rates WHERE period = 'month';
COMMENT ON VIEW theme_months IS 'theme_rates by months';

-- In the length that the release has enough of: months if 24 of them have text,
-- else years.
CREATE VIEW theme_over_time AS
SELECT * FROM theme_rates
WHERE period = (SELECT CASE WHEN count(DISTINCT period_start) >= 24 THEN 'month' ELSE 'year' END
                FROM theme_frequency WHERE period = 'month' AND period_documents > 0);
COMMENT ON VIEW theme_over_time IS 'theme_rates by months if 24 of them have text, else by years';

-- The newest period with text against those before it: a month against twelve
-- months, a year against five years. expected: hits that their rate gives for the
-- characters of the newest; log2_ratio: 1 is twice as frequent (half a hit added to
-- each side); z: the difference in standard deviations of a Poisson count of at
-- least half a hit. Hits come in bursts, so z says what to read first and is no test.
CREATE VIEW theme_movers AS
WITH newest AS (
  SELECT max(period_start) AS newest_start,
         max(period_start) - CASE min(period) WHEN 'month' THEN interval '12 months' ELSE interval '5 years' END AS begin
  FROM theme_over_time WHERE period_documents > 0
),
sides AS (
  SELECT r.theme, r.theme_zh, r.level, n.newest_start AS period_start,
         min(r.period_label) FILTER (WHERE r.period_start = n.newest_start) AS period_label,
         sum(r.hits) FILTER (WHERE r.period_start = n.newest_start) AS hits,
         sum(r.period_han_chars) FILTER (WHERE r.period_start = n.newest_start) AS han_chars,
         sum(r.period_documents) FILTER (WHERE r.period_start = n.newest_start) AS period_documents,
         bool_or(r.partial) FILTER (WHERE r.period_start = n.newest_start) AS partial,
         sum(r.hits) FILTER (WHERE r.period_start < n.newest_start) AS hits_before,
         sum(r.period_han_chars) FILTER (WHERE r.period_start < n.newest_start) AS han_chars_before
  FROM theme_over_time r CROSS JOIN newest n
  WHERE r.period_start BETWEEN n.begin AND n.newest_start
  GROUP BY r.theme, r.theme_zh, r.level, n.newest_start
),
expecting AS (
  SELECT *, (hits_before * han_chars / nullif(han_chars_before, 0))::double precision AS expected FROM sides
)
SELECT period_start, period_label, theme, theme_zh, level, hits::bigint AS hits, expected, hits_before::bigint AS hits_before,
       (10000 * hits / nullif(han_chars, 0))::double precision AS per_10k,
       (10000 * hits_before / nullif(han_chars_before, 0))::double precision AS per_10k_before,
       log((hits::double precision + 0.5) / (expected + 0.5)) / log(2.0::double precision) AS log2_ratio,
       (hits - expected) / sqrt(greatest(expected, 0.5)) AS z,
       period_documents::bigint AS period_documents, period_documents < 20 AS small_n, partial
FROM expecting;
COMMENT ON VIEW theme_movers IS 'a theme in the newest period against those before it';

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
