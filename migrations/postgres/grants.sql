-- What a server needs of a log whose tables belong to another role, and no more. The owner changes the
-- schema; run a server once as the owner, and after each upgrade of the schema, then this as the owner:
--
--     psql -v schema=varve -v role=varve -f grants.sql postgres://owner@db.example/varve
--
-- The role can append and erase. It cannot delete events, change what is not erased, empty a table, or
-- switch off the triggers that see to that.

REVOKE ALL ON SCHEMA :"schema" FROM PUBLIC;
GRANT USAGE ON SCHEMA :"schema" TO :"role";
GRANT SELECT ON ALL TABLES IN SCHEMA :"schema" TO :"role";

GRANT INSERT ON :"schema".streams, :"schema".events, :"schema".entries, :"schema".marks,
	:"schema".nodes, :"schema".digests, :"schema".gaps, :"schema".erasures, :"schema".histories
	TO :"role";

-- Each is guarded by a trigger besides: the end of the log only rises, and of an event only the content
-- goes, with its digests kept and a flag that says so.
GRANT UPDATE ON :"schema".store TO :"role";
GRANT UPDATE (flags, data, metadata) ON :"schema".events TO :"role";

-- What repeats what the events say.
GRANT UPDATE ON :"schema".marks TO :"role";
GRANT DELETE ON :"schema".gaps TO :"role";
GRANT UPDATE ON :"schema".leader TO :"role";
GRANT UPDATE (key, checkpoint) ON :"schema".signing TO :"role";
