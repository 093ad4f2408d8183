/**
 * Reads. A read is one statement; two if it begins at the head or rules hide some of its range, and
 * one more if links lead on, each of one snapshot. As nothing in the log changes but by erasure,
 * they are of one moment if all have found the same number of erasures; else the read begins anew,
 * and in the end in a transaction of one snapshot.
 */
import { ALL, type Position, type StreamName, type Version } from "../../../event.ts";
import { isIndexStream } from "../../../indexes/joins.ts";
import type { StreamState } from "../../../retention/window.ts";
import type { NameRange, Range, Slice, VersionRange } from "../../log.ts";
import { bounds } from "../../reading/bounds.ts";
import { lastShown, planRead, type ReadPlan } from "../../reading/plan.ts";
import { type FoundEntry, restSought, type SliceRest, sliceOf } from "../../reading/slice.ts";
import { targetsOf, withTargets } from "../../reading/targets.ts";
import type { Database, Queryable } from "../connection/database.ts";
import { present } from "../connection/failures.ts";
import { textsOf } from "../connection/values.ts";
import type { Heard } from "../following/heard.ts";
import * as sql from "../statements.ts";
import { FoundPage, fetchEventsAt, fetchPage, momentOf, placeOf, refuseLarge } from "./events.ts";
import { SELECT_STATE, SELECT_STATES } from "./statements.ts";
import { type FoundStream, foundStream, StreamStates } from "./states.ts";

/** Times that a read begins anew because something was erased meanwhile. */
const TRIES_MAX = 3;
/** Streams that a look-up of an id asks in one statement. */
const STREAMS_A_STEP = 2000;

export type ReaderOptions = {
	readonly pageBytesMax: number;
	/** Milliseconds since 1970, which `$maxAge` goes by. */
	readonly clock: () => number;
	/** Whether it reads from a replica. */
	readonly mayBeBehind?: boolean;
};

/** What a read rests on, and where the log ended at that moment. */
export type Seen = Heard & { readonly log: Heard };

type Asked = {
	readonly stream: FoundStream;
	readonly seen: Seen;
	readonly isAnyMarked: boolean;
	/** The entries of the range, of the same snapshot, as if no rule hid any of them. */
	readonly page: FoundPage | undefined;
};

/** An erasure came between two statements of a read. */
class Torn extends Error {}

export class Reader {
	readonly #database: Database;
	readonly #states: StreamStates;
	readonly #options: ReaderOptions;

	constructor(database: Database, options: ReaderOptions) {
		this.#database = database;
		this.#states = new StreamStates(database);
		this.#options = options;
	}

	/** @param onSeen called with what the read has seen, also if it is refused */
	async read(range: Range, hidden: boolean, onSeen: (seen: Seen) => void): Promise<Slice> {
		for (let tries = 0; tries < TRIES_MAX; tries++) {
			try {
				return await this.#read(range, hidden, onSeen, this.#database.pool);
			} catch (error) {
				if (!(error instanceof Torn)) throw error;
			}
		}
		return this.#inSnapshot((on) => this.#read(range, hidden, onSeen, on));
	}

	async last(stream: StreamName, onSeen: (seen: Seen) => void): Promise<Version> {
		const { pool } = this.#database;
		const { stream: found, seen } = await this.#ask(stream, pool);
		onSeen(seen);
		const state = await this.#states.of(stream, found, pool);
		return lastShown(stream, { last: found.last, state });
	}

	/** As `Log.locate`; an event that came after the look-up began is not found. */
	async locate(
		stream: StreamName,
		id: string,
		onSeen: (seen: Seen) => void,
	): Promise<Version | undefined> {
		const { stream: found, seen } = await this.#ask(stream, this.#database.pool);
		onSeen(seen);
		if (found.last < 0) return undefined;
		if (stream !== ALL && !isIndexStream(stream)) {
			const [row] = await this.#database.rows(sql.SELECT_VERSION_OF_ID, [found.id, id]);
			const version = row?.version === null ? undefined : Number(row?.version);
			return version !== undefined && version <= found.last ? version : undefined;
		}
		return this.#locateEverywhere(stream, found, id);
	}

	async names(
		{ from, before, limit }: NameRange,
		onSeen: (seen: Seen) => void,
	): Promise<StreamName[]> {
		// No name holds a control character, and PostgreSQL takes no text with a NUL.
		const low = cutAtNul(from);
		const high = before === undefined ? undefined : cutAtNul(before);
		const values = [low.text, low.isCut, high?.text ?? null, high?.isCut ?? false, limit];
		const rows = await this.#seeing(onSeen, () => this.#database.rows(sql.SELECT_NAMES, values));
		return rows.map(({ name }) => name as StreamName);
	}

	async bytesOf(
		{ stream, first, last }: VersionRange,
		onSeen: (seen: Seen) => void,
	): Promise<number> {
		const [row] = await this.#seeing(onSeen, () =>
			stream === ALL
				? this.#database.rows(sql.SELECT_BYTES_OF_ALL, [first, last])
				: this.#database.rows(sql.SELECT_BYTES, [stream, first, last]),
		);
		return Number(row?.bytes ?? 0);
	}

	/** A statement that does not say what it has seen: no more than there is behind it. */
	async #seeing<T>(onSeen: (seen: Seen) => void, work: () => Promise<T>): Promise<T> {
		// A replica that is behind would have to be asked again.
		if (this.#options.mayBeBehind) await this.#see(onSeen);
		const found = await work();
		await this.#see(onSeen);
		return found;
	}

	async #see(onSeen: (seen: Seen) => void): Promise<void> {
		const [row] = await this.#database.rows(sql.SELECT_END);
		const log = momentOf(present(row, "the end of the log"));
		onSeen({ ...log, log });
	}

	async #read(
		range: Range,
		hidden: boolean,
		onSeen: (seen: Seen) => void,
		on: Queryable,
	): Promise<Slice> {
		const { stream } = range;
		const asked = await this.#ask(stream, on, range);
		const { stream: found, seen } = asked;
		onSeen(seen);
		const state = hidden ? undefined : await this.#states.of(stream, found, on);
		const hasMarkedEntries = isIndexStream(stream) ? asked.isAnyMarked : found.link !== undefined;
		const facts = { last: found.last, state, hasMarkedEntries };
		const plan = planRead(range, facts, this.#options.clock());
		const entries = await this.#entriesOf(plan, asked, onSeen, on);
		const rest = await this.#restOf(plan, found, entries, on);
		return sliceOf(plan, entries, rest);
	}

	/** @param range to be read: its entries come along if it says at which version it begins */
	async #ask(stream: StreamName, on: Queryable, range?: Range): Promise<Asked> {
		const kind = stream === ALL ? "all" : isIndexStream(stream) ? "index" : "stream";
		const statements = SELECT_STATE[kind];
		const guess = range && this.#guess(range);
		const rows = await (range && guess
			? this.#database.rows(statements[range.direction], [stream, ...guess], on)
			: this.#database.rows(statements.alone, [stream], on));
		const row = present(rows[0], "the end of the log");
		const found = foundStream(row);
		const log = momentOf(row);
		const seen = { next: found.newest + 1, erasures: log.erasures, log };
		const page = guess && new FoundPage(row);
		return { stream: found, seen, isAnyMarked: row.isAnyMarked === true, page };
	}

	/** The versions to fetch if no rule hides any of them; undefined if the head decides on them. */
	#guess({ from, limit, direction, content }: Range) {
		if (from === "head") return undefined;
		const { low, high } = bounds(from, limit, direction, Number.MAX_SAFE_INTEGER);
		return low > high ? undefined : [low, high, content, this.#options.pageBytesMax];
	}

	async #entriesOf(
		plan: ReadPlan,
		{ stream: { id }, seen, page }: Asked,
		onSeen: (seen: Seen) => void,
		on: Queryable,
	): Promise<readonly FoundEntry[]> {
		if (plan.from > plan.to) return [];
		const bytesMax = this.#options.pageBytesMax;
		// If rules hide some of the page, the server reads what is left of it once more.
		const fetched = page?.isWithin(plan.from, plan.to)
			? page
			: await fetchPage(this.#database, plan, id, bytesMax, on);
		const { entries, links, moment } = fetched.entries(plan.range.content, bytesMax);
		// A replica that is behind the one before it has not all of the entries.
		if (moment.erasures !== seen.erasures || moment.next < seen.next) throw new Torn();
		const dataOf = ({ position }: { position: Position }) =>
			present(links.get(Number(position)), "a link");
		const places = targetsOf(plan, entries, { dataOf });
		const wanted = places.filter(({ stream }) => stream !== ALL && !stream.includes("\0"));
		const names = [...new Set(wanted.map(({ stream }) => stream))];
		const { content, stream } = plan.range;
		const targets = isIndexStream(stream) ? [] : wanted;
		const events = await fetchEventsAt(this.#database, targets, content, bytesMax, on);
		if (content && targets.length > 0) refuseLarge(entries, targets, events, bytesMax);
		// Last, as they tell whether anything was erased meanwhile.
		const states = await this.#statesOf(names, seen, onSeen, on);
		const facts = {
			dataOf,
			stateOf: (name: StreamName) => states.get(name),
			eventAt: (name: StreamName, version: Version) => events.get(placeOf(name, version))?.event,
		};
		return withTargets(plan, entries, facts, bytesMax);
	}

	async #statesOf(
		names: readonly StreamName[],
		seen: Seen,
		onSeen: (seen: Seen) => void,
		on: Queryable,
	): Promise<ReadonlyMap<StreamName, StreamState>> {
		const states = new Map<StreamName, StreamState>();
		if (names.length === 0) return states;
		const rows = await this.#database.rows(SELECT_STATES, [textsOf(names)], on);
		for (const row of rows) {
			if (Number(row.erasures) !== seen.erasures) throw new Torn();
			const found = foundStream(row);
			onSeen({ ...seen, next: found.newest + 1 });
			const name = row.name as StreamName;
			const state = await this.#states.of(name, found, on);
			if (state) states.set(name, state);
		}
		return states;
	}

	async #restOf(
		plan: ReadPlan,
		{ id, last }: FoundStream,
		found: readonly FoundEntry[],
		on: Queryable,
	): Promise<SliceRest> {
		const sought = restSought(plan, found);
		if (!sought) return {};
		if (sought.kind === "gap") {
			const [gap] = await this.#database.rows(sql.SELECT_GAP, [sought.position], on);
			if (!gap || Number(gap.last) < sought.position) return {};
			return { gap: { first: Number(gap.first), last: Number(gap.last) } };
		}
		const { state, from, now } = sought;
		const after = now - (state.metadata.maxAgeMs ?? Number.POSITIVE_INFINITY);
		const values = [id, from, last, after];
		const [row] = await this.#database.rows(sql.FIND_UNEXPIRED, values, on);
		return { firstUnexpired: Number(present(row, "an entry of the stream").first) };
	}

	async #locateEverywhere(
		stream: StreamName,
		{ id: ofIndex, last }: FoundStream,
		id: string,
	): Promise<Version | undefined> {
		let earliest: Version | undefined;
		const [end] = await this.#database.rows(sql.SELECT_LAST_STREAM);
		for (let from = 0; from <= Number(end?.streams); from += STREAMS_A_STEP) {
			const values = [id, from, from + STREAMS_A_STEP - 1];
			for (const row of await this.#database.rows(sql.SELECT_POSITIONS_OF_ID, values)) {
				const position = Number(row.position);
				const version = stream === ALL ? position : await this.#versionIn(ofIndex, last, position);
				if (version === undefined || version > last) continue;
				earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, version);
			}
		}
		return earliest;
	}

	async #versionIn(index: number, last: Version, position: number): Promise<Version | undefined> {
		const [row] = await this.#database.rows(sql.FIND_VERSION, [index, position, last]);
		return row && Number(row.version);
	}

	async #inSnapshot<T>(work: (on: Queryable) => Promise<T>): Promise<T> {
		const client = await this.#database.pool.connect();
		let failure: Error | undefined;
		try {
			await client.query(sql.BEGIN_READ);
			return await work(client);
		} catch (error) {
			failure = error as Error;
			throw error;
		} finally {
			await client.query(sql.ROLLBACK).catch((error: Error) => {
				failure = error;
			});
			client.release(failure);
		}
	}
}

function cutAtNul(text: string): { readonly text: string; readonly isCut: boolean } {
	const at = text.indexOf("\0");
	return at < 0 ? { text, isCut: false } : { text: text.slice(0, at), isCut: true };
}
