/**
 * Writes events of another log at the places they have there, a span in one transaction, all or
 * none of it. What the log has already is compared by its hashes.
 */
import type pg from "pg";
import { type Frontier, rootOf } from "../../../../feeds/proof/frontier.ts";
import { Refusal } from "../../../errors.ts";
import type { StreamName } from "../../../event.ts";
import { describedStream } from "../../../retention/window.ts";
import { FLAG_REDACTED, FLAG_SCAVENGED } from "../../appending/flags.ts";
import { marksOf } from "../../appending/marks.ts";
import type { Commit } from "../../commit.ts";
import type { MovedEvent, MovedSpan } from "../../moving/moves.ts";
import { faultAtPlace, leafFlagsOf, streamsJoinedMoved } from "../../moving/rules.ts";
import { endOf, knownOf, refuseWeak } from "../appending/lookups.ts";
import { GroupRows, type KnownStream } from "../appending/rows.ts";
import { type CommitWatch, commit, send, settled, valuesOf } from "../appending/transaction.ts";
import type { Database, Row } from "../connection/database.ts";
import { present } from "../connection/failures.ts";
import { arrayOf, textsOf } from "../connection/values.ts";
import { joined, spansOf } from "../erasure/gaps.ts";
import * as erasing from "../erasure/statements.ts";
import type { Heard } from "../following/heard.ts";
import { fetchHashes, headAt } from "../hashes/hashes.ts";
import * as sql from "../statements.ts";
import * as moving from "./statements.ts";

const ERASED = { redacted: FLAG_REDACTED, scavenged: FLAG_SCAVENGED };

export type SpanResult = {
	readonly taken: Heard;
	readonly commit: Commit | undefined;
	readonly frontier: Frontier;
	/** How many events the log has now, and how many of the span it had before. */
	readonly next: number;
	readonly known: number;
	/** The number of the history that the log has now. */
	readonly incarnation: number;
};

type OwnFacts = { isGone: boolean; scavenged: number };

/** The state of an import: the rows, and what the span itself has changed of the facts. */
class Span {
	readonly rows: GroupRows;
	readonly histories: { incarnation: number; first: number }[] = [];
	readonly digests: MovedEvent[] = [];
	readonly scavenged = new Map<StreamName, { id: number; first: number }>();
	readonly gaps: number[] = [];
	incarnation: number;
	readonly #known: Map<string, KnownStream>;
	readonly #facts: Map<string, OwnFacts>;

	constructor(end: Row, known: Map<string, KnownStream>, facts: Map<string, OwnFacts>) {
		this.rows = new GroupRows(endOf(end), known, 0);
		this.incarnation = Number(end.incarnation);
		this.#known = known;
		this.#facts = facts;
	}

	/** @throws Refusal `invalid-line` */
	add(event: MovedEvent, line: number): void {
		const { stream, version, erased, incarnation, position } = event;
		const own = this.#factsOf(stream);
		const described = describedStream(stream);
		const fault = faultAtPlace(event, {
			last: Number(this.#known.get(stream)?.last ?? -1),
			created: this.rows.end.created,
			isGone: own.isGone || (described !== undefined && this.#factsOf(described).isGone),
			scavenged: own.scavenged,
			incarnation: this.incarnation,
		});
		if (fault !== undefined) throw new Refusal("invalid-line", { line, reason: fault });
		if (incarnation > this.incarnation) this.raise(incarnation);
		const flags = leafFlagsOf(event) | (erased === undefined ? 0 : ERASED[erased]);
		this.rows.end.created = event.created;
		const row = { ...event, flags, hash: Buffer.from(event.hash) };
		this.rows.add(stream, row, streamsJoinedMoved(event));
		if (event.digests) this.digests.push(event);
		if (erased === "scavenged") {
			own.scavenged = version + 1;
			this.scavenged.set(stream, { id: this.#known.get(stream)?.id ?? 0, first: version + 1 });
			this.gaps.push(position);
		}
		if (event.mark === "tombstone") own.isGone = true;
		const write = { stream, made: undefined, mark: event.mark };
		for (const mark of marksOf(write, [event])) this.rows.mark(mark, position);
	}

	/** The history begins with the next event, as it did in the source. */
	raise(incarnation: number): void {
		this.histories.push({ incarnation, first: this.rows.end.next });
		this.incarnation = incarnation;
	}

	#factsOf(stream: string): OwnFacts {
		const facts = this.#facts.get(stream) ?? { isGone: false, scavenged: 0 };
		this.#facts.set(stream, facts);
		return facts;
	}
}

/** @throws Refusal `import-conflict`, `invalid-line`: nothing was written then */
export async function importSpan(
	database: Database,
	client: pg.Client,
	watch: CommitWatch,
	{ from, root, incarnation, events }: MovedSpan,
): Promise<SpanResult> {
	const { end, span } = await begin(database, client, watch, events);
	const next = Number(end.next);
	const taken = { next, erasures: Number(end.erasures) };
	await refuseOtherHistory(database, client, end, { from, root });
	const known = events.filter(({ position }) => position < next);
	await compare(database, client, known);
	for (const [index, event] of events.entries()) {
		if (event.position >= next) span.add(event, index + 1);
	}
	const raises = incarnation > span.incarnation;
	if (raises) span.raise(incarnation);
	const { next: now, frontier } = span.rows.end;
	const result = { taken, next: now, frontier, known: known.length };
	if (known.length === events.length && !raises) {
		await client.query(sql.ROLLBACK);
		return { ...result, commit: undefined, incarnation: span.incarnation };
	}
	await write(database, client, watch, span);
	const told = span.rows.commit();
	const marked = [...new Set([...told.marked, ...span.scavenged.keys()])];
	return { ...result, commit: { ...told, marked }, incarnation: span.incarnation };
}

async function begin(
	database: Database,
	client: pg.Client,
	watch: CommitWatch,
	events: readonly MovedEvent[],
): Promise<{ readonly end: Row; readonly span: Span }> {
	const own = new Set<string>();
	const others = new Set<string>();
	for (const event of events) {
		own.add(event.stream);
		const described = describedStream(event.stream);
		if (described !== undefined) own.add(described);
		for (const name of streamsJoinedMoved(event)) others.add(name);
	}
	for (const name of own) others.delete(name);
	const [, ends, ownRows, otherRows] = (await settled([
		client.query(sql.BEGIN_WRITE),
		send(database, client, sql.TAKE_END, []),
		send(database, client, sql.SELECT_FACTS, [textsOf([...own])]),
		send(database, client, sql.SELECT_JOINED, [textsOf([...others])]),
	])) as [unknown, Row[], Row[], Row[]];
	const end = present(ends[0], "the end of the log");
	refuseWeak(end, watch);
	const all = [...ownRows, ...otherRows];
	const known = new Map(all.map((row) => [row.name as string, knownOf(row)]));
	const facts = new Map(
		ownRows.map((row) => {
			const isGone = row.tombstone !== null;
			return [row.name as string, { isGone, scavenged: Number(row.scavenged ?? 0) }];
		}),
	);
	return { end, span: new Span(end, known, facts) };
}

async function refuseOtherHistory(
	database: Database,
	client: pg.Client,
	end: Row,
	{ from, root }: Pick<MovedSpan, "from" | "root">,
): Promise<void> {
	const next = Number(end.next);
	if (from > next) throw conflict(next, `it has ${next} events, and these begin behind them`);
	const own =
		from === next
			? rootOf(endOf(end).frontier)
			: (await headAt(database, Number(from), client)).root;
	if (Buffer.compare(own, root) === 0) return;
	throw conflict(from, `its events before position ${from} are not those of the source`);
}

async function compare(
	database: Database,
	client: pg.Client,
	known: readonly MovedEvent[],
): Promise<void> {
	const [first] = known;
	if (!first) return;
	const to = first.position + known.length;
	const hashes = await fetchHashes(database, 0, first.position, to, client);
	for (const [index, { position, hash }] of known.entries()) {
		const stored = hashes[index];
		if (stored && Buffer.compare(stored, hash) === 0) continue;
		throw conflict(position, `its event at position ${position} is another one`);
	}
}

async function write(
	database: Database,
	client: pg.Client,
	watch: CommitWatch,
	span: Span,
): Promise<void> {
	const put = (statement: string, values: readonly unknown[]) =>
		send(database, client, statement, values);
	const spans = spansOf(span.gaps);
	const firsts = arrayOf(spans.map(({ first }) => first));
	const lasts = arrayOf(spans.map(({ last }) => last));
	const touched = spans.length > 0 ? await put(erasing.TAKE_GAPS, [firsts, lasts]) : [];
	const gaps = joined([
		...spans,
		...touched.map(({ first, last }) => ({ first: Number(first), last: Number(last) })),
	]);
	const sent: Promise<unknown>[] = [put(sql.WRITE_ROWS, valuesOf(span.rows))];
	for (const { incarnation, first } of span.histories) {
		sent.push(put(moving.RAISE_INCARNATION, [incarnation]));
		sent.push(put(moving.INSERT_HISTORY, [incarnation, first]));
	}
	if (span.digests.length > 0) {
		const positions = arrayOf(span.digests.map(({ position }) => position));
		const side = (part: "data" | "metadata") =>
			Buffer.concat(span.digests.map(({ digests }) => digests?.[part] ?? new Uint8Array(0)));
		sent.push(put(moving.INSERT_MOVED_DIGESTS, [positions, side("data"), side("metadata")]));
	}
	for (const { id, first } of span.scavenged.values()) {
		sent.push(put(erasing.MARK_SCAVENGED, [id, first]));
	}
	if (gaps.length > 0) {
		const ends = [gaps.map(({ first }) => first), gaps.map(({ last }) => last)];
		sent.push(put(erasing.INSERT_GAPS, ends.map(arrayOf)));
	}
	await commit(client, watch, sent);
}

function conflict(position: number, reason: string): Refusal {
	return new Refusal("import-conflict", { position, reason });
}
