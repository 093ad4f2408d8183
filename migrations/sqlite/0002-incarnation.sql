-- Which history this is. Pages are kept by caches for ever; where a history is replaced (a backup
-- restored, a fail-over with loss), its successor gets a higher number, which its URLs carry.
CREATE TABLE store (
	incarnation INTEGER NOT NULL CHECK (incarnation >= 1)
) STRICT;
INSERT INTO store (incarnation) VALUES (1);

CREATE TRIGGER incarnations_only_rise BEFORE UPDATE ON store WHEN new.incarnation <= old.incarnation
BEGIN SELECT RAISE(ABORT, 'an incarnation only rises'); END;
CREATE TRIGGER the_store_is_one BEFORE INSERT ON store
BEGIN SELECT RAISE(ABORT, 'there is one store'); END;
CREATE TRIGGER the_store_stays BEFORE DELETE ON store
BEGIN SELECT RAISE(ABORT, 'there is one store'); END;
