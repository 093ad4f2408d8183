-- One place for entries that follow each other in the log: where a batch lies in a stream, its category
-- and its type, each had a place for each event, of some 15 bytes. See docs/decisions/0160.
--
-- No place is changed: those that are there stay, and so an upgrade takes a moment. From now on the
-- position of a place may be below 0. Then its key is the version of the last entry, and the position
-- is that of the last one times 4096, and the number of those before it, 1 to 4095, with the sign turned.
DROP VIEW entries;

-- The entries of a stream: `more` and one, of which the last has this version and this position. With
-- `place`, the rest of the key of the tree, what is put in order by all of it need not be sorted. The
-- plus keeps the 0 out of look-ups: SQLite takes one lower bound, and would read a long stream from
-- its first entry on if it took this one instead of that of the statement.
CREATE VIEW spans AS
SELECT stream, key AS version, iif(position < 0, -position >> 12, position) AS position,
	iif(position < 0, -position & 4095, 0) AS more, position AS place
FROM places WHERE +key >= 0;
