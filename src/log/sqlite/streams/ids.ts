/** Finds the events with an id in a stream. */
import type Database from "better-sqlite3";
import type { Position, Version } from "../../../event.ts";
import { present } from "../failures.ts";
import { idKeyOf } from "../ids/keys.ts";
import * as sql from "../statements.ts";

/** An event with the key of an id; a place of null says that the event is missing. */
type Candidate = [place: number | null, hasId: number | null];

export class Ids {
	readonly #statements: ReturnType<typeof prepare>;

	constructor(database: Database.Database) {
		this.#statements = prepare(database);
	}

	/**
	 * The version of the earliest event of a stream with an id.
	 * @param stream the number of an own stream
	 * @param id 16 bytes
	 * @throws MissingRows
	 */
	versionOf(stream: number | undefined, id: Uint8Array, key = idKeyOf(id)): Version | undefined {
		const found = this.#statements.versions.all(id, stream, key) as Candidate[];
		return found.length === 0 ? undefined : (placesOf(found)[0] as Version | undefined);
	}

	/**
	 * The positions of the events with an id in the own streams numbered from one to another.
	 * @throws MissingRows
	 */
	positionsIn(from: number, to: number, id: Uint8Array): Position[] {
		const key = idKeyOf(id);
		return placesOf(this.#statements.positions.all(id, key, from, to) as Candidate[]);
	}
}

/** An event that cannot be found might have the id: to take it for another would write it twice. */
function placesOf(candidates: readonly Candidate[]): number[] {
	const places: number[] = [];
	for (const [place, hasId] of candidates) {
		const at = present(place, "an event that the stream has the id of");
		if (hasId === 1) places.push(at);
	}
	return places;
}

function prepare(database: Database.Database) {
	return {
		versions: database.prepare(sql.SELECT_VERSIONS_OF_ID).raw(),
		positions: database.prepare(sql.SELECT_POSITIONS_OF_ID).raw(),
	};
}
