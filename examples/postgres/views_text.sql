-- Views over documents, sentences, events and hits: made where these were loaded
-- (the pipeline says `[write] csv = "all"`).

-- Every hit with the words that it stands on. Offsets count code points from 0,
-- substr counts characters from 1.
CREATE VIEW hits_in_context AS
SELECT h.theme, t.theme_zh, t.parent, h.term,
       substr(d.text, h.char_start::int + 1, (h.char_end - h.char_start)::int) AS found,
       substr(d.text, s.char_start::int + 1, (s.char_end - s.char_start)::int) AS sentence_text,
       h.voice, s.speaker, h.in_title,
       d.date_start AS doc_date, d.source, d.register, d.title, d.url,
       e.date_start AS event_date, e.name AS event_name, e.occasion_type, e.occasion_id,
       h.doc_id, h.sentence, h.char_start, h.char_end
FROM hits h
JOIN documents d USING (doc_id)
JOIN sentences s USING (doc_id, sentence)
JOIN themes t USING (theme)
LEFT JOIN events e ON e.event_id = h.event_id;
COMMENT ON VIEW hits_in_context IS 'a hit with what was found, its sentence, document and occasion';
CREATE INDEX ON hits (theme, doc_date_start);
