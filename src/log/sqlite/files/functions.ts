/**
 * What SQL can ask of our own code, on connections that write:
 *
 *     leaf_hash(position, stream's name, version, id, type, created, flags, data, metadata)
 *     subtree_root(number, hash)  of 256 hashes whose numbers differ modulo 256; an aggregate
 *     sha256(bytes)
 *     id_key(id)  the key by which a stream finds an id
 */
import type Database from "better-sqlite3";
import { rootOver } from "../../../../feeds/proof/frontier.ts";
import { sha256 } from "../../../../feeds/proof/hash.ts";
import { hashOfEvent } from "../../../../feeds/proof/leaf.ts";
import { TILE_WIDTH } from "../../../../feeds/proof/tiles.ts";
import { idKeyOf } from "../ids/keys.ts";

export function registerFunctions(database: Database.Database): void {
	const pure = { deterministic: true, directOnly: true };
	database.function("leaf_hash", { ...pure, varargs: true }, leafHash);
	database.function("sha256", pure, (bytes: unknown) => sha256(bytes as Uint8Array));
	database.function("id_key", pure, (id: unknown) => idKeyOf(id as Uint8Array));
	database.aggregate("subtree_root", {
		...pure,
		varargs: true,
		start: () => new Array<Buffer>(TILE_WIDTH),
		step(hashes, ...given: unknown[]) {
			const [number, hash] = given as [number, Buffer];
			hashes[number % TILE_WIDTH] = hash;
		},
		// The groups that HAVING leaves out come here too, and have holes: `filter` leaves those out.
		result: (hashes) => rootOver(hashes.filter((hash) => hash !== undefined)),
	});
}

function leafHash(...given: unknown[]): Buffer {
	const [position, stream, version, id, type, created, flags, data, metadata] = given as [
		...[position: number, stream: string, version: number, id: Uint8Array, type: string],
		...[created: number, flags: number, data: Uint8Array, metadata: Uint8Array],
	];
	return hashOfEvent({ position, stream, version, id, type, created, flags }, data, metadata);
}
