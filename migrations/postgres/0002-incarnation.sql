-- Which history this is. Pages are kept by caches for ever; where a history is replaced (a backup
-- restored, a fail-over with loss), its successor gets a higher number, which its URLs carry.
ALTER TABLE store ADD COLUMN incarnation bigint NOT NULL DEFAULT 1 CHECK (incarnation >= 1);

CREATE OR REPLACE FUNCTION refuse_falling() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'UPDATE' OR new.next < old.next OR new.created < old.created
		OR new.streams < old.streams OR new.incarnation < old.incarnation THEN
		RAISE EXCEPTION 'the end of the log only rises' USING ERRCODE = 'restrict_violation';
	END IF;
	RETURN new;
END $$;
