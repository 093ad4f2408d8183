/**
 * Finds the event with an id in a stream. Ids are indexed by stream, so one look-up finds an event
 * of an own stream. For an index or `$all` it asks every stream, some at a time, so that other
 * requests are served in between. The cost depends on the number of streams, not on the number of
 * events.
 *
 * The events that may be found are those up to the row's last version, although more may be
 * committed meanwhile: the listeners have not heard of those yet.
 */
import { setImmediate } from "node:timers/promises";
import type Database from "better-sqlite3";
import { Refusal } from "../../../errors.ts";
import { ALL, type Position, type StreamName, type Version } from "../../../event.ts";
import { isIndexStream } from "../../../indexes/joins.ts";
import { lowestFrom } from "../../../retention/window.ts";
import * as sql from "../statements.ts";
import { Ids } from "./ids.ts";
import type { StreamRow } from "./rows.ts";

const STREAMS_A_STEP = 2000;

export class Locator {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #ids: Ids;

	constructor(database: Database.Database) {
		this.#database = database;
		this.#statements = prepare(database);
		this.#ids = new Ids(database);
	}

	/**
	 * @param row of the stream; undefined if it has no events
	 * @throws Refusal `shutting-down` if the database is closed meanwhile
	 */
	async locate(
		stream: StreamName,
		row: StreamRow | undefined,
		id: string,
	): Promise<Version | undefined> {
		if (!row) return undefined;
		const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
		if (stream !== ALL && !isIndexStream(stream)) {
			const earliest = this.#ids.versionOf(row.id, bytes);
			return earliest !== undefined && earliest <= row.last ? earliest : undefined;
		}
		let found: Version | undefined;
		const last = this.#statements.lastStream.get() as number;
		for (let from = 0; from <= last; from += STREAMS_A_STEP) {
			for (const position of this.#ids.positionsIn(from, from + STREAMS_A_STEP - 1, bytes)) {
				const version = stream === ALL ? position : this.#versionIn(row, position);
				if (version !== undefined && version <= row.last)
					found = Math.min(found ?? Infinity, version);
			}
			await setImmediate();
			if (!this.#database.open) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		}
		return found;
	}

	/** Positions rise with the versions of every stream. */
	#versionIn({ id, last }: StreamRow, position: Position): Version | undefined {
		const positionAt = (version: Version) =>
			this.#statements.positionAt.get({ stream: id, version }) as number;
		const version = lowestFrom(0, last, (one) => positionAt(one) >= Number(position));
		return positionAt(version) === position ? version : undefined;
	}
}

function prepare(database: Database.Database) {
	return {
		positionAt: database.prepare(sql.SELECT_POSITION_AT).pluck(),
		lastStream: database.prepare(sql.SELECT_LAST_STREAM).pluck(),
	};
}
