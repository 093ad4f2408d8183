/**
 * What must hold of a log, given what its clients were told. Pure: a history and the events as they
 * were read, in; what is wrong, in words, out.
 *
 *     order       positions and versions are dense, `created` never falls
 *     once        a stream holds an event id once
 *     whole       of a batch all events are there, side by side and as they were sent, or none
 *     kept        what was acknowledged is there, at the place that was acknowledged
 *     refused     what was only ever refused is not there
 *     unknown     what had no answer may be there or not
 *     in time     an append that was sent after another was acknowledged stands behind it
 *     expected    what was written under an expected version stands where one of those that sent it
 *                 expected it
 *     repeated    the same events again are answered as at first, and once as new
 *     deleted     behind a tombstone nothing follows
 *     erased      what was redacted lacks its content; what nobody might erase does not
 *     nothing else is there
 */
import type { Attempt, Batch, Delete, History } from "./history.ts";

export type LoggedEvent = {
	readonly position: number;
	readonly stream: string;
	readonly version: number;
	readonly id: string;
	readonly type: string;
	readonly isJson: boolean;
	/** Empty where it was erased. */
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
	/** The leaf hash the log has of it. */
	readonly leaf?: string;
	/** Milliseconds since 1970. */
	readonly created: number;
	/** Whether its content was taken away, and by what. */
	readonly erased?: "redacted" | "scavenged" | undefined;
};

type Report = (fault: string) => void;

/** Where a scavenge tells of itself. */
const SCAVENGES = "$scavenges";

/** Enough to see what is wrong. */
const FAULTS_MAX = 20;

/** @param base events the log held before the history began */
export function faultsOf(history: History, log: readonly LoggedEvent[], base = 0): string[] {
	const faults = [...history.faults];
	const report = (fault: string) => {
		if (faults.length < FAULTS_MAX) faults.push(fault);
	};
	const index = indexOf(log, report);
	for (const batch of history.batches) checkBatch(batch, log, index, report);
	for (const deletion of history.deletes) checkDelete(deletion, log, index, report);
	checkErased(history, log, { index, base }, report);
	checkNothingElse(history, log, base, report);
	return faults;
}

/** Where the batch's events stand; undefined where they do not. */
export function placeOf(batch: Batch, index: Index): number | undefined {
	return index.places.get(key(batch.stream, batch.events[0]?.id ?? ""));
}

export type Index = {
	/** By stream and id: the position. */
	readonly places: ReadonlyMap<string, number>;
	readonly lasts: ReadonlyMap<string, number>;
	/** Streams that were deleted for ever. */
	readonly gone: ReadonlySet<string>;
};

/** Finds each event's place, and checks their order on the way. */
export function indexOf(log: readonly LoggedEvent[], report: Report = () => undefined): Index {
	const places = new Map<string, number>();
	const lasts = new Map<string, number>();
	const gone = new Set<string>();
	let created = 0;
	for (const [position, event] of log.entries()) {
		const { stream, version, id } = event;
		const at = `position ${position} (${version}@${stream})`;
		if (event.position !== position) report(`${at}: has the position ${event.position}`);
		const before = lasts.get(stream) ?? -1;
		if (version !== before + 1) report(`${at}: follows version ${before}`);
		if (event.created < created) report(`${at}: created before the event in front of it`);
		if (places.has(key(stream, id))) report(`${at}: the id ${id} is there twice`);
		if (gone.has(stream)) report(`${at}: follows its tombstone`);
		if (event.type === "$streamDeleted") gone.add(stream);
		places.set(key(stream, id), position);
		lasts.set(stream, version);
		created = event.created;
	}
	return { places, lasts, gone };
}

function checkBatch(batch: Batch, log: readonly LoggedEvent[], index: Index, report: Report): void {
	const { stream, events, expected, attempts } = batch;
	const what = `batch of ${events.length} to ${stream}, from ${events[0]?.id}`;
	const found = events.map(({ id }) => index.places.get(key(stream, id)));
	const count = found.filter((position) => position !== undefined).length;
	if (count > 0 && count < events.length) {
		report(`${what}: ${count} of them are there`);
		return;
	}

	const [start] = found;
	const first = start === undefined ? -1 : (log[start] as LoggedEvent).version;
	if (start !== undefined) {
		for (const [offset, sent] of events.entries()) {
			const event = log[start + offset];
			const isSame =
				event?.id === sent.id &&
				event.stream === stream &&
				event.version === first + offset &&
				event.type === sent.type &&
				event.isJson === sent.isJson &&
				(event.erased !== undefined ||
					(sent.data.equals(event.data) && sent.metadata.equals(event.metadata)));
			if (!isSame) report(`${what}: event ${offset} is not as it was sent`);
		}
		const expectations = attempts.filter(mayHaveWritten).map((one) => one.expected ?? expected);
		if (!expectations.some((one) => stoodAsExpected(one, first, log, start))) {
			report(`${what}: expected ${expectations.join(" or ")}, and begins at version ${first}`);
		}
	}
	checkAnswers(batch, { what, start, first }, index, report);
	if (start !== undefined && attempts.every(({ outcome }) => outcome.kind === "refused")) {
		report(`${what}: was refused, and is there`);
	}
}

function checkAnswers(
	{ stream, events, expected: batchExpected, attempts }: Batch,
	{ what, start, first }: { what: string; start: number | undefined; first: number },
	index: Index,
	report: Report,
): void {
	let mayBeThere = false;
	let isKnown = false;
	for (const attempt of attempts) {
		const { outcome, positionFloor, versionFloor, besides, expected = batchExpected } = attempt;
		if (outcome.kind === "written") {
			const final = (start ?? Number.NaN) + events.length - 1;
			if (start === undefined) report(`${what}: was acknowledged, and is missing`);
			else if (outcome.position !== final || outcome.first !== first) {
				const told = `version ${outcome.first}, position ${outcome.position}`;
				report(`${what}: stands at version ${first}, position ${final}; told was ${told}`);
			}
			const isFirst = !mayBeThere && !besides;
			if (outcome.repeated && isFirst) report(`${what}: called a repeat at its first time`);
			if (!outcome.repeated && isKnown) report(`${what}: was acknowledged as new twice`);
			if (!outcome.repeated) isKnown = true;
			if (!outcome.repeated && start !== undefined && start <= positionFloor) {
				report(`${what}: stands before position ${positionFloor}, acknowledged before it was sent`);
			}
		} else if (outcome.kind === "refused" && outcome.word === "wrong-expected-version") {
			const { current = -1 } = outcome;
			const last = index.lasts.get(stream) ?? -1;
			if (current < versionFloor || current > last || current === expected) {
				const range = `${versionFloor} to ${last}`;
				report(`${what}: expected ${expected}, refused at ${current}, which was of ${range}`);
			}
		}
		if (outcome.kind !== "refused") mayBeThere = true;
	}
}

/** A repeat has written nothing, so what it expected was not asked. */
function mayHaveWritten({ outcome }: Attempt): boolean {
	return outcome.kind === "unknown" || (outcome.kind === "written" && !outcome.repeated);
}

function stoodAsExpected(
	expected: Batch["expected"],
	first: number,
	log: readonly LoggedEvent[],
	start: number,
): boolean {
	if (expected === "any") return true;
	if (expected === "stream-exists") return first > 0 || start > 0;
	if (expected !== "no-stream") return first === expected + 1;
	const { stream } = log[start] as LoggedEvent;
	return first === 0 || log[start - 1]?.stream === `$$${stream}`;
}

function checkDelete(
	{ stream, hard, attempt }: Delete,
	log: readonly LoggedEvent[],
	index: Index,
	report: Report,
): void {
	const { outcome, positionFloor } = attempt;
	if (outcome.kind !== "written") return;
	const event = log[outcome.position];
	const what = `${hard ? "hard" : "soft"} delete of ${stream} at position ${outcome.position}`;
	if (outcome.position <= positionFloor) report(`${what}: stands before what came before it`);
	const isThere = hard
		? event?.stream === stream && event.type === "$streamDeleted"
		: event?.stream === `$$${stream}` && (event.erased ?? isSoftDeletion(event));
	if (!isThere) report(`${what}: was acknowledged, and is missing`);
	else if (hard && index.lasts.get(stream) !== event?.version) report(`${what}: is not the last`);
}

/**
 * Redactions take the content they name. A scavenge takes what is hidden, so nothing of a stream that
 * never had metadata or an end, and never the metadata that counts.
 */
function checkErased(
	{ redactions, scavenges }: History,
	log: readonly LoggedEvent[],
	{ index, base }: { index: Index; base: number },
	report: Report,
): void {
	const named = new Set(redactions.map(({ stream, version }) => `${version}@${stream}`));
	const erased = new Set<string>();
	const bare = new Set<string>();
	for (const { position, stream, version, erased: how, data, metadata } of log) {
		if (how === undefined) continue;
		const place = `${version}@${stream}`;
		erased.add(place);
		const what = `position ${position} (${place})`;
		if (data.length > 0) report(`${what}: was ${how}, and has its data`);
		const isBare = metadata.length === 0;
		if (how === "scavenged" && !isBare) report(`${what}: was scavenged, and has its metadata`);
		if (isBare) bare.add(place);
		const hidden = stream.startsWith("$$")
			? version < (index.lasts.get(stream) ?? -1) || index.gone.has(stream.slice(2))
			: index.lasts.has(`$$${stream}`) || index.gone.has(stream);
		const mayBe = how === "redacted" ? named.has(place) : scavenges > 0 && hidden;
		if (!mayBe && position >= base) report(`${what}: nobody might have it ${how}`);
	}
	for (const { stream, version, metadata, attempt } of redactions) {
		const place = `${version}@${stream}`;
		if (attempt.outcome.kind !== "written") continue;
		const told = `${place}: its redaction was acknowledged, and it has its`;
		if (!erased.has(place)) report(`${told} data`);
		else if (metadata && !bare.has(place)) report(`${told} metadata`);
	}
}

/** Every event was sent by a client, or is one that a delete or a return of a stream writes. */
function checkNothingElse(
	history: History,
	log: readonly LoggedEvent[],
	base: number,
	report: Report,
): void {
	const sent = sentBy(history);
	const deletes = new Map<string, number>();
	for (const { stream, hard, attempt } of history.deletes) {
		if (attempt.outcome.kind === "refused") continue;
		const written = hard ? stream : `$$${stream}`;
		deletes.set(written, (deletes.get(written) ?? 0) + 1);
	}
	// A start closes the story of a scavenge that a crash before it cut short.
	const began = log.slice(0, base).some(({ stream }) => stream.startsWith(SCAVENGES));
	const mayScavenge = history.scavenges > 0 || began;
	for (const [position, event] of log.entries()) {
		const { stream, type } = event;
		if (position < base) continue;
		if (sent.has(key(stream, event.id)) || (event.erased && type === "$metadata")) continue;
		if (stream.startsWith(SCAVENGES) && mayScavenge) continue;
		const what = `position ${position} (${event.version}@${stream}, ${type})`;
		if (type === "$streamDeleted" || (type === "$metadata" && isSoftDeletion(event))) {
			const left = (deletes.get(stream) ?? 0) - 1;
			if (left < 0) report(`${what}: nobody deleted that`);
			deletes.set(stream, left);
		} else if (type !== "$metadata" || !isRevival(position, log)) {
			report(`${what}: nobody sent that`);
		}
	}
}

/** Metadata that brings a stream back is written together with what brought it back. */
function isRevival(position: number, log: readonly LoggedEvent[]): boolean {
	const { stream } = log[position] as LoggedEvent;
	return log[position + 1]?.stream === stream.slice(2) || log[position - 1]?.stream === stream;
}

/** The lengths a log may not have, as they would cut a batch, or a return of a stream, in two. */
export function lengthsWithin(history: History, log: readonly LoggedEvent[]): Set<number> {
	const { places } = indexOf(log);
	const revivals = revivalsIn(history, log);
	const within = new Set<number>();
	for (const { stream, events } of history.batches) {
		const start = places.get(key(stream, events[0]?.id ?? ""));
		if (start === undefined) continue;
		for (let index = 1; index < events.length; index++) within.add(start + index);
		// The return of a deleted stream stands in front of the events that brought it back.
		if (revivals.has(start - 1) && log[start - 1]?.stream === `$$${stream}`) within.add(start);
	}
	return within;
}

/** Where the log itself wrote that a stream came back. */
export function revivalsIn(history: History, log: readonly LoggedEvent[]): Set<number> {
	const sent = sentBy(history);
	const isOwn = (event: LoggedEvent) =>
		event.type === "$metadata" && !event.erased && !sent.has(key(event.stream, event.id));
	const own = log.filter((event) => isOwn(event) && !isSoftDeletion(event));
	return new Set(own.map(({ position }) => position));
}

function sentBy({ batches }: History): Set<string> {
	return new Set(batches.flatMap(({ stream, events }) => events.map(({ id }) => key(stream, id))));
}

export function isSoftDeletion({ data }: LoggedEvent): boolean {
	return /"\$tb":\s*9223372036854775807\b/.test(Buffer.from(data).toString());
}

export function key(stream: string, id: string): string {
	return `${id} ${stream}`;
}
