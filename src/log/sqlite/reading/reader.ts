/** Reads on a read-only connection; each read is one transaction, and so one snapshot. */
import type Database from "better-sqlite3";
import type { Position, RecordedEvent, StreamName, Version } from "../../../event.ts";
import { isIndexStream } from "../../../indexes/joins.ts";
import { firstUnexpired } from "../../../retention/window.ts";
import type { Gap, NameRange, Range, Slice, VersionRange } from "../../log.ts";
import { lastShown, planRead, type ReadPlan } from "../../reading/plan.ts";
import { type RestSought, restSought, type SliceRest, sliceOf } from "../../reading/slice.ts";
import { type TargetFacts, withTargets } from "../../reading/targets.ts";
import { present } from "../failures.ts";
import { openForReading, SERVING_TIMEOUT_MS } from "../files/directory.ts";
import * as sql from "../statements.ts";
import { Locator } from "../streams/locator.ts";
import type { StreamRow } from "../streams/rows.ts";
import { StreamStates } from "../streams/stream-states.ts";
import { Events } from "./events.ts";

const NO_ENTRIES = { entries: [], isKept: false };
const NO_REST: SliceRest = {};
/** To SQLite every blob is greater than every text. */
const NO_END = Buffer.alloc(0);

export type ReaderOptions = {
	readonly pageBytesMax: number;
	/** Milliseconds since 1970, which `$maxAge` goes by. */
	readonly clock: () => number;
	/** Whether to check each event that is read against its hash. */
	readonly checksReads?: boolean | undefined;
};

export type ReadOptions = {
	/** Whether to read also the events that metadata and deletes hide. */
	readonly hidden: boolean;
	/** Whether an erasure is on its way, so that `seen` has to tell whether this read shows it. */
	readonly isErasing: boolean;
};

export class Reader {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #states: StreamStates;
	readonly #events: Events;
	readonly #locator: Locator;
	readonly #pageBytesMax: number;
	readonly #clock: () => number;
	#erasures = 0;

	constructor(file: string, { pageBytesMax, clock, checksReads = false }: ReaderOptions) {
		this.#database = openForReading(file, SERVING_TIMEOUT_MS);
		this.#statements = prepare(this.#database);
		this.#states = new StreamStates(this.#database);
		this.#events = new Events(this.#database, { pageBytesMax, checksReads });
		this.#locator = new Locator(this.#database);
		this.#pageBytesMax = pageBytesMax;
		this.#clock = clock;
	}

	/**
	 * The newest position, and number of erasures, that the last call may show. If one read asked for
	 * what another has seen, a damaged entry of one stream would make reads of all others wait.
	 */
	get seen(): { readonly position: number; readonly erasures: number } {
		return { position: this.#states.newest, erasures: this.#erasures };
	}

	/** @throws Refusal `page-too-large`, `stream-deleted` */
	read(range: Range, { hidden, isErasing }: ReadOptions): Slice {
		this.#begin();
		return this.#inSnapshot(() => {
			const erasures = () => Number(this.#statements.erasures.get());
			if (isErasing) this.#erasures = erasures();
			const { stream } = range;
			const row = this.#states.find(stream);
			const last = row?.last ?? -1;
			const state = hidden ? undefined : this.#states.of(stream, row);
			const hasMarkedEntries = isIndexStream(stream)
				? this.#states.isAnyMarked()
				: row !== undefined && row.link !== null;
			const plan = planRead(range, { last, state, hasMarkedEntries }, this.#clock());
			const isEmpty = !row || plan.from > plan.to;
			const { entries, isKept } = isEmpty
				? NO_ENTRIES
				: this.#events.entries(plan, row, { hidden, erasures });
			const found = withTargets(plan, entries, this.#targets(plan), this.#pageBytesMax);
			const rest = this.#restOf(row, restSought(plan, found));
			return sliceOf(plan, found, rest, isKept);
		});
	}

	/** @throws Refusal `stream-deleted` */
	last(stream: StreamName): Version {
		this.#begin();
		const row = this.#states.find(stream);
		return lastShown(stream, { last: row?.last ?? -1, state: this.#states.of(stream, row) });
	}

	locate(stream: StreamName, id: string): Promise<Version | undefined> {
		this.#begin();
		return this.#locator.locate(stream, this.#states.find(stream), id);
	}

	/** Names are never changed, so they need no snapshot. */
	names({ from, before, limit }: NameRange): StreamName[] {
		return this.#statements.names.all(from, before ?? NO_END, limit) as StreamName[];
	}

	/** Of no snapshot: what was counted stays as it was, but for erasures. */
	bytesOf({ stream, first, last }: VersionRange): number {
		this.#begin();
		const row = this.#states.find(stream);
		const span = { from: first, to: last };
		return row ? Number(this.#statements.bytes.get({ stream: row.id, ...span })) : 0;
	}

	close(): void {
		this.#database.close();
	}

	#begin(): void {
		this.#states.begin();
		this.#erasures = 0;
	}

	#inSnapshot(work: () => Slice): Slice {
		this.#statements.begin.run();
		try {
			return work();
		} finally {
			if (this.#database.inTransaction) this.#statements.end.run();
		}
	}

	/** Looks each stream up once. */
	#targets({ range: { content } }: ReadPlan): TargetFacts {
		const rows = new Map<StreamName, StreamRow | undefined>();
		const find = (name: StreamName) => {
			if (!rows.has(name)) rows.set(name, this.#states.find(name));
			return rows.get(name);
		};
		return {
			dataOf: ({ data, position }: RecordedEvent) =>
				content ? data : (present(this.#statements.dataAt.get(position), "a link") as Buffer),
			stateOf: (stream) => this.#states.of(stream, find(stream)),
			eventAt: (stream, version) => {
				const row = find(stream);
				if (!row || version > row.last) return undefined;
				return this.#events.eventAt(row, version, content);
			},
		};
	}

	#restOf(row: StreamRow | undefined, sought: RestSought | undefined): SliceRest {
		if (!sought) return NO_REST;
		if (sought.kind === "gap") return { gap: this.#gapAt(sought.position) };
		const { state, from, now } = sought;
		const createdAt = (version: Version) =>
			present(this.#statements.createdAt.get({ stream: row?.id, version }), "an event") as number;
		return { firstUnexpired: firstUnexpired(state, createdAt, from, now) };
	}

	#gapAt(position: Position): Gap | undefined {
		const found = this.#statements.gap.get(position) as Gap | undefined;
		if (!found || found.last < position) return undefined;
		return { first: found.first, last: found.last };
	}
}

function prepare(database: Database.Database) {
	return {
		begin: database.prepare(sql.BEGIN_READ),
		// There is nothing to commit; and after a damaged page, a commit would fail as well.
		end: database.prepare(sql.ROLLBACK),
		createdAt: database.prepare(sql.SELECT_CREATED_AT).pluck(),
		dataAt: database.prepare(sql.SELECT_DATA_AT).pluck(),
		gap: database.prepare(sql.SELECT_GAP),
		names: database.prepare(sql.SELECT_NAMES).pluck(),
		bytes: database.prepare(sql.SELECT_BYTES).pluck(),
		erasures: database.prepare(sql.SELECT_ERASURES).pluck(),
	};
}
