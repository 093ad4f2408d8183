/**
 * Events as they are stored, to be verified. Much is read at once: a row or a Buffer out of SQLite
 * costs as much as checking it.
 */
import type Database from "better-sqlite3";
import { FLAG_SCAVENGED, FLAGS_ERASED } from "../../../appending/flags.ts";
import type { Span } from "../../../verify/sums.ts";
import type { OnUnreadable, StoredEvent } from "../../../verify/view.ts";
import { causeOf, isUnreadable } from "../../failures.ts";
import type { Names } from "./names.ts";
import * as verifying from "./statements.ts";

const EVENTS_PER_READ = 256;
/** Bytes read as one value; larger events are read one by one. */
const JOINED_BYTES_MAX = 4 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

type Head = [
	...[position: number, stream: number, version: number, type: string, created: number],
	...[flags: number, id: number, hash: number, data: number, metadata: number],
];
type StoredContent = Pick<StoredEvent, "flags" | "id" | "data" | "metadata"> & {
	readonly hash: Uint8Array;
};
type Digests = StoredEvent["digests"];

export class StoredEvents {
	readonly #statements: ReturnType<typeof prepare>;
	readonly #nameOf: Names;

	constructor(database: Database.Database, nameOf: Names) {
		this.#statements = prepare(database);
		this.#nameOf = nameOf;
	}

	/**
	 * Events as `LogView.events` visits them.
	 * @throws if some cannot be read and `onUnreadable` is left out
	 */
	*read(from: number, to: number, onUnreadable?: OnUnreadable): Iterable<StoredEvent> {
		for (let at = from; at < to; at += EVENTS_PER_READ) {
			const end = Math.min(at + EVENTS_PER_READ, to);
			if (onUnreadable) yield* this.#readAround({ from: at, to: end }, onUnreadable);
			else yield* this.#read(at, end);
		}
	}

	*#read(from: number, to: number): Iterable<StoredEvent> {
		const { heads, bytes } = this.#statements;
		const found = heads.all(from, to) as Head[];
		let length = 0;
		for (const head of found) length += head[6] + head[7] + head[8] + head[9];
		const joined = length <= JOINED_BYTES_MAX ? (bytes.get(from, to) as Buffer | null) : undefined;
		// If lengths are damaged, the joined value cannot be divided.
		const isJoined = joined?.length === length;
		let at = 0;
		const cut = (length: number) => {
			if (length === 0) return NOTHING;
			at += length;
			return (joined as Buffer).subarray(at - length, at);
		};
		// Written out: a spread here would cost a third of the whole, for every event.
		for (const head of found) {
			const [position, stream, version, type, created] = head;
			const content = isJoined ? undefined : this.#contentAt(position);
			// It may have been erased since the heads were read.
			const flags = content ? content.flags : head[5];
			const isErased = (flags & FLAGS_ERASED) !== 0;
			yield {
				position,
				stream: this.#nameOf(stream),
				version,
				id: content ? content.id : cut(head[6]),
				type: String(type),
				created,
				flags,
				hash: content ? content.hash : cut(head[7]),
				data: content ? content.data : cut(head[8]),
				metadata: content ? content.metadata : cut(head[9]),
				isErased,
				isScavenged: (flags & FLAG_SCAVENGED) !== 0,
				digests: isErased ? this.#digestsAt(position) : undefined,
			};
		}
	}

	/** Reads events one by one if some cannot be read: so it finds out which. */
	*#readAround({ from, to }: Span, onUnreadable: OnUnreadable): Iterable<StoredEvent> {
		let next = from;
		try {
			for (const event of this.#read(from, to)) {
				yield event;
				next = event.position + 1;
			}
			return;
		} catch (error) {
			if (!isUnreadable(error)) throw error;
		}
		let [first, reason] = [next, ""];
		for (let at = next; at < to; at++) {
			try {
				const [event] = this.#read(at, at + 1);
				if (at > first) onUnreadable({ from: first, to: at }, reason);
				first = at + 1;
				if (event) yield event;
			} catch (error) {
				if (!isUnreadable(error)) throw error;
				reason = causeOf(error);
			}
		}
		if (to > first) onUnreadable({ from: first, to }, reason);
	}

	#contentAt(position: number): StoredContent {
		const row = this.#statements.event.get(position) as Record<keyof StoredContent, unknown>;
		return {
			flags: Number(row.flags),
			id: bytesOf(row.id),
			hash: bytesOf(row.hash),
			data: bytesOf(row.data),
			metadata: bytesOf(row.metadata),
		};
	}

	#digestsAt(position: number): Digests {
		return this.#statements.digests.get(position) as Digests;
	}
}

/** A damaged row may hold a text or a number where bytes belong. */
function bytesOf(value: unknown): Uint8Array {
	return value instanceof Uint8Array ? value : Buffer.from(String(value));
}

function prepare(database: Database.Database) {
	return {
		heads: database.prepare(verifying.VERIFY_HEADS).raw(),
		bytes: database.prepare(verifying.VERIFY_BYTES).pluck(),
		event: database.prepare(verifying.VERIFY_EVENT),
		digests: database.prepare(verifying.VERIFY_DIGESTS),
	};
}
