/**
 * Erases content of the log, each step in a transaction of its own on the writer's connection: it
 * takes the end of the log, so its steps lie between those of the appends of all nodes.
 *
 * PostgreSQL keeps the old version of a row until VACUUM takes it away; see docs/postgresql.md.
 */
import type pg from "pg";
import type { StreamName } from "../../../event.ts";
import { isIndexStream } from "../../../indexes/joins.ts";
import { isErasable } from "../../../retention/erasable.ts";
import type { StreamState } from "../../../retention/window.ts";
import { FLAG_SCAVENGED, FLAGS_ERASED } from "../../appending/flags.ts";
import type { Commit, Redaction, ScavengeStep } from "../../commit.ts";
import type { Gap } from "../../log.ts";
import { isRedactionDue } from "../../redaction.ts";
import { deposed } from "../appending/group.ts";
import { refuseWeak } from "../appending/lookups.ts";
import { type CommitWatch, commit, send, settled } from "../appending/transaction.ts";
import type { Database, Row } from "../connection/database.ts";
import { Contradiction, present } from "../connection/failures.ts";
import { arrayOf, textsOf } from "../connection/values.ts";
import type { Heard } from "../following/heard.ts";
import { SELECT_STATES } from "../reading/statements.ts";
import { foundStream, StreamStates } from "../reading/states.ts";
import * as sql from "../statements.ts";
import { joined, spansOf } from "./gaps.ts";
import * as erasing from "./statements.ts";

/** An append that comes meanwhile waits for one step: some 10 ms. */
const STEP_EVENTS_MAX = 500;
const STEP_BYTES_MAX = 4 * 1024 * 1024;
/** Streams a step looks at, nearly all of which have nothing to erase. */
const STEP_STREAMS_MAX = 1000;

const SCAVENGED_BEFORE = "an event was scavenged, and is noted as one that was not";

export type Erased = {
	/** The end of the log that the transaction found. */
	readonly taken: Heard;
	/** Undefined if nothing was erased. */
	readonly commit: Commit | undefined;
};

/** How a step is written: by a leader with its number, see `leading.ts`. */
export type Erasing = CommitWatch & { readonly epoch: number | undefined };

type Budget = { events: number; bytes: number };
type ScavengedStream = { readonly id: number; readonly first: number };

export class Eraser {
	readonly #database: Database;
	readonly #states: StreamStates;

	constructor(database: Database) {
		this.#database = database;
		this.#states = new StreamStates(database);
	}

	/** @throws Refusal as `Log.redact`, `not-leader`; nothing was erased then */
	async redact(client: pg.Client, watch: Erasing, redaction: Redaction): Promise<Erased> {
		const { stream, version, metadata } = redaction;
		const question = erasing.SELECT_TO_REDACT;
		const { end, rows } = await this.#begin(client, watch, question, [stream, version]);
		const [row] = rows;
		const isFound = row !== undefined && row.position !== null;
		const event = isFound
			? {
					type: row.type as string,
					isErased: (Number(row.flags) & FLAGS_ERASED) !== 0,
					metadataBytes: Number(row.metadataBytes),
				}
			: undefined;
		const last = row === undefined || row.last === null ? -1 : Number(row.last);
		const isDue = isRedactionDue(redaction, { last, event });
		const taken = takenOf(end);
		if (!isDue || !isFound) {
			await client.query(sql.ROLLBACK);
			return { taken, commit: undefined };
		}
		const positions = arrayOf([Number(row.position)]);
		const redact = metadata ? erasing.REDACT_WHOLE : erasing.REDACT_DATA;
		await commit(client, watch, [
			this.#send(client, erasing.INSERT_DIGESTS, [positions]),
			this.#send(client, redact, [positions]),
			...this.#count(client, taken, [Number(row.id)]),
		]);
		return { taken, commit: erasureOf(taken, [stream]) };
	}

	/** One step, as `Log.scavenge`. */
	async scavenge(
		client: pg.Client,
		watch: Erasing,
		from: number,
		now: number,
	): Promise<Erased & { readonly step: ScavengeStep }> {
		const last = from + STEP_STREAMS_MAX - 1;
		const question = erasing.SELECT_MARKED_STREAMS;
		const { end, rows } = await this.#begin(client, watch, question, [from, last]);
		const taken = takenOf(end);
		const left: Budget = { events: STEP_EVENTS_MAX, bytes: STEP_BYTES_MAX };
		const positions: number[] = [];
		const changed = new Map<StreamName, ScavengedStream>();
		let next: number | undefined = last + 1;
		const streams = rows.filter(({ name }) => !isIndexStream(name as string));
		for (const { name, state, id } of await this.#statesOf(client, streams)) {
			const erased = await this.#erasable(client, name, { id, state, now, left });
			positions.push(...erased.positions);
			if (erased.positions.length > 0) changed.set(name, { id, first: erased.first });
			if (erased.isThrough) continue;
			next = id;
			break;
		}
		const endOfStreams = Number(end.streams) + 1;
		if (next >= endOfStreams) next = undefined;
		const events = positions.length;
		const step = { next, end: endOfStreams, events, bytes: STEP_BYTES_MAX - left.bytes };
		if (events === 0) {
			await client.query(sql.ROLLBACK);
			return { taken, commit: undefined, step };
		}
		await this.#write(client, watch, taken, positions, changed);
		return { taken, commit: erasureOf(taken, [...changed.keys()]), step };
	}

	/** Takes the end of the log, and asks one question behind it, and who leads if that matters. */
	async #begin(
		client: pg.Client,
		watch: Erasing,
		question: string,
		values: readonly unknown[],
	): Promise<{ readonly end: Row; readonly rows: readonly Row[] }> {
		const { epoch } = watch;
		const [, ends, rows, leaders] = (await settled([
			client.query(sql.BEGIN_WRITE),
			this.#send(client, sql.TAKE_END, []),
			this.#send(client, question, values),
			epoch === undefined ? Promise.resolve([]) : this.#send(client, sql.SELECT_EPOCH, []),
		])) as [unknown, Row[], Row[], Row[]];
		const end = present(ends[0], "the end of the log");
		refuseWeak(end, watch);
		if (epoch !== undefined && Number(leaders[0]?.epoch) !== epoch) throw deposed();
		return { end, rows };
	}

	async #write(
		client: pg.Client,
		watch: CommitWatch,
		taken: Heard,
		positions: readonly number[],
		changed: ReadonlyMap<StreamName, ScavengedStream>,
	): Promise<void> {
		const spans = spansOf(positions);
		const touched = await this.#send(client, erasing.TAKE_GAPS, [
			arrayOf(spans.map(({ first }) => first)),
			arrayOf(spans.map(({ last }) => last)),
		]);
		const gaps = joined([...spans, ...touched.map(gapOf)]);
		const all = arrayOf(positions);
		await commit(client, watch, [
			this.#send(client, erasing.INSERT_GAPS, [
				arrayOf(gaps.map(({ first }) => first)),
				arrayOf(gaps.map(({ last }) => last)),
			]),
			this.#send(client, erasing.INSERT_DIGESTS, [all]),
			this.#send(client, erasing.SCAVENGE_EVENTS, [all]),
			...[...changed.values()].map(({ id, first }) =>
				this.#send(client, erasing.MARK_SCAVENGED, [id, first]),
			),
			...this.#count(
				client,
				taken,
				[...changed.values()].map(({ id }) => id),
			),
		]);
	}

	#count(client: pg.Client, taken: Heard, streams: readonly number[]): Promise<Row[]>[] {
		const number = taken.erasures + 1;
		return [
			this.#send(client, erasing.RAISE_ERASURES, [number]),
			this.#send(client, erasing.INSERT_ERASURE, [number, arrayOf(streams)]),
		];
	}

	async #statesOf(client: pg.Client, streams: readonly Row[]) {
		if (streams.length === 0) return [];
		const names = textsOf(streams.map(({ name }) => name as string));
		const rows = await this.#send(client, SELECT_STATES, [names]);
		const all: { name: StreamName; id: number; state: StreamState }[] = [];
		for (const row of rows) {
			const name = row.name as StreamName;
			const found = foundStream(row);
			const state = await this.#states.of(name, found, client);
			if (state) all.push({ name, id: found.id, state });
		}
		return all.sort((one, other) => one.id - other.id);
	}

	/** The low end of a stream that may go, within the bounds, and whether that is all of it. */
	async #erasable(
		client: pg.Client,
		name: StreamName,
		of: {
			readonly id: number;
			readonly state: StreamState;
			readonly now: number;
			readonly left: Budget;
		},
	): Promise<{ positions: number[]; first: number; isThrough: boolean }> {
		const { id, state, now, left } = of;
		let first = Number(state.scavenged);
		const positions: number[] = [];
		const values = [id, first, left.events + 1];
		let isThrough = false;
		for (const row of await this.#send(client, erasing.SELECT_TO_SCAVENGE, values)) {
			const version = Number(row.version);
			if (Number(row.flags) & FLAG_SCAVENGED) throw new Contradiction(SCAVENGED_BEFORE);
			isThrough = !isErasable(name, state, version, Number(row.created), now);
			if (isThrough || left.events === 0 || left.bytes <= 0) break;
			positions.push(Number(row.position));
			left.events--;
			left.bytes -= Number(row.bytes);
			first = version + 1;
		}
		return { positions, first, isThrough: isThrough || first > state.last };
	}

	#send(client: pg.Client, statement: string, values: readonly unknown[]): Promise<Row[]> {
		return send(this.#database, client, statement, values);
	}
}

function takenOf({ next, erasures }: Row): Heard {
	return { next: Number(next), erasures: Number(erasures) };
}

function erasureOf({ next, erasures }: Heard, marked: readonly StreamName[]): Commit {
	return { last: next - 1, streams: new Map(), marked, erasures: erasures + 1 };
}

function gapOf({ first, last }: Row): Gap {
	return { first: Number(first), last: Number(last) };
}
