/** The SQL of a node that hears of what other nodes have written, and looks after the standbys. */
import { MIDDLE, NEWEST } from "../statements.ts";

/**
 * The last versions that streams had when the log had $2 events. Whoever is far behind asks this of
 * streams that have grown by millions since: a binary search, as positions ascend with versions.
 */
export const SELECT_LAST_AT = `
	SELECT n.name, found.last
	FROM unnest($1::text[]) AS n (name) JOIN @streams s ON s.name = n.name
		CROSS JOIN ${NEWEST("s.id")} l
		CROSS JOIN LATERAL (SELECT CASE WHEN l.position < $2 THEN l.version ELSE (
			WITH RECURSIVE search (low, high) AS (
				SELECT 0::bigint, l.version
				UNION ALL
				SELECT CASE WHEN n.position >= $2 THEN low ELSE (low + high) / 2 + 1 END,
					CASE WHEN n.position >= $2 THEN (low + high) / 2 ELSE high END
				FROM search ${MIDDLE("s.id")} WHERE low < high)
			SELECT low - 1 FROM search WHERE low = high) END AS last OFFSET 0) found
	WHERE found.last >= 0`;

export const SELECT_ERASED = `
	SELECT e.number, (SELECT string_agg(name, E'\\n') FROM @streams WHERE id = ANY (e.streams))
		AS streams
	FROM @erasures e WHERE e.number > $1 ORDER BY e.number LIMIT 1000`;

/** A transaction of its own: the settings are those of it alone. */
export const NOTIFY = `
	SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '1s', true),
		pg_notify($1, $2)`;

/**
 * Says whether a synchronous standby is connected, or null if this role may not see that. A role
 * without `pg_read_all_stats` sees that there is a connection, and not what it is for.
 */
export const SELECT_CONNECTED = `
	SELECT CASE WHEN count(*) = count(sync_state)
		THEN coalesce(bool_or(sync_state IN ('sync', 'quorum')), false) END AS connected
	FROM pg_catalog.pg_stat_replication`;
