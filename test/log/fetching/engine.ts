/**
 * An engine whose facts are a round trip away, as with a database behind a network. It shows that
 * the plans of `src/log` need no answer at once: appends that wait share the round trips of one
 * group, and a read has a fixed number of them.
 */
import { setImmediate } from "node:timers/promises";
import { Refusal } from "../../../src/errors.ts";
import type { NewEvent, Position, StreamName, Version } from "../../../src/event.ts";
import type { Target } from "../../../src/indexes/links.ts";
import { factsNeeded } from "../../../src/log/appending/facts.ts";
import { FetchedFacts } from "../../../src/log/appending/fetched.ts";
import { type Plan, planAppend, planDelete } from "../../../src/log/appending/plan.ts";
import { Listeners } from "../../../src/log/listening/listeners.ts";
import type * as log from "../../../src/log/log.ts";
import { commit, fetchPlaces, fetchStream } from "../../../src/log/memory/appending.ts";
import { MemoryEraser } from "../../../src/log/memory/eraser.ts";
import {
	bytesIn,
	entriesOf,
	locate,
	namesIn,
	restOf,
	shown,
} from "../../../src/log/memory/reading.ts";
import { MemoryTables } from "../../../src/log/memory/tables.ts";
import { viewOf } from "../../../src/log/memory/view.ts";
import { lastShown, planRead, type ReadPlan } from "../../../src/log/reading/plan.ts";
import { type FoundEntry, restSought, sliceOf } from "../../../src/log/reading/slice.ts";
import { type Entry, targetsOf, withTargets } from "../../../src/log/reading/targets.ts";
import { verify } from "../../../src/log/verify/verify.ts";
import type { LogView } from "../../../src/log/verify/view.ts";

type Waiting = {
	readonly request: log.Append | log.Deletion;
	readonly events: readonly NewEvent[];
	readonly resolve: (appended: log.Appended) => void;
	readonly reject: (error: unknown) => void;
};

type Decided = Waiting & { readonly plan: Plan; readonly answer: log.Appended };

export class FetchingLog implements log.Log {
	readonly incarnation = 1;
	readonly hidden: log.HiddenReads = { read: (range) => this.#read(range, true) };
	roundTrips = 0;
	readonly #limits: log.LogLimits;
	readonly #clock: () => number;
	readonly #tables = new MemoryTables();
	readonly #listeners = new Listeners();
	readonly #tell = (commit: log.Commit) => this.#listeners.tell(commit);
	readonly #eraser = new MemoryEraser(this.#tables, this.#tell);
	#waiting: Waiting[] = [];
	#transaction: Promise<unknown> = Promise.resolve();
	#isClosed = false;

	constructor(limits: log.LogLimits, clock: () => number) {
		this.#limits = limits;
		this.#clock = clock;
	}

	get erasures(): number {
		return this.#eraser.count;
	}

	incarnationAt = () => this.incarnation;
	append = (request: log.Append) => this.#write(request, request.events);
	delete = (request: log.Deletion) => this.#write(request, []);
	redact = (redaction: log.Redaction) => this.#alone(async () => this.#eraser.redact(redaction));
	scavenge = (from: number) => this.#alone(async () => this.#eraser.scavenge(from, this.#clock()));
	read = (range: log.Range) => this.#read(range, false);
	writerAnswers = () => this.#alone(async () => {});
	onCommit = (listener: (commit: log.Commit) => void) => this.#listeners.add(listener);
	verify = async () => verify(this.#view());

	last = (stream: StreamName): Promise<Version> =>
		this.#alone(async () => {
			const { last, state } = await this.#fetch(() => this.#stateOf(stream));
			return lastShown(stream, { last, state });
		});

	locate = (stream: StreamName, id: string): Promise<Version | undefined> =>
		this.#alone(async () => locate(this.#tables, stream, id));

	names = (range: log.NameRange): Promise<readonly StreamName[]> =>
		this.#alone(async () => namesIn(this.#tables, range));
	bytesOf = (versions: log.VersionRange): Promise<number> =>
		this.#alone(async () => bytesIn(this.#tables, versions));

	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#transaction;
	}

	#write(request: Waiting["request"], events: readonly NewEvent[]): Promise<log.Appended> {
		return new Promise((resolve, reject) => {
			this.#waiting.push({ request, events, resolve, reject });
			this.#alone(() => this.#commit()).catch(reject);
		});
	}

	/** All who wait, as one group: fetched at once, planned one by one, written at once. */
	async #commit(): Promise<void> {
		const group = this.#waiting.splice(0);
		if (group.length === 0) return;
		const needed = group.map(({ request, events }) => factsNeeded(request.stream, events));
		const facts = await this.#fetch(() => {
			const names = new Set(needed.flatMap(({ streams }) => streams));
			const streams = [...names].map((name) => [name, fetchStream(this.#tables, name)] as const);
			const places = needed.flatMap((one) => fetchPlaces(this.#tables, one));
			const end = this.#tables.events.length;
			return new FetchedFacts({ end, streams: new Map(streams), places });
		});
		const decided = group.flatMap((waiting) => decide(waiting, facts));
		await this.#fetch(() => {
			for (const { plan, request, events } of decided) {
				const batch = { stream: request.stream, events };
				commit(this.#tables, plan, batch, this.#clock(), this.#tell);
			}
		});
		for (const { resolve, answer } of decided) resolve(answer);
	}

	#read(range: log.Range, hidden: boolean): Promise<log.Slice> {
		return this.#alone(async () => {
			const known = await this.#fetch(() => this.#stateOf(range.stream));
			const state = hidden ? undefined : known.state;
			const plan = planRead(range, { ...known, state }, this.#clock());
			const { entries, links } = await this.#fetch(() => this.#entriesOf(plan));
			const found = await this.#withTargets(plan, entries, links);
			return sliceOf(plan, found, await this.#restOf(plan, found));
		});
	}

	#stateOf(stream: StreamName) {
		const hasMarkedEntries = this.#tables.hasMarkedEntries(stream);
		return {
			last: this.#tables.lastOf(stream),
			state: this.#tables.stateOf(stream),
			hasMarkedEntries,
		};
	}

	/** The data of links comes with the entries. */
	#entriesOf(plan: ReadPlan): { entries: Entry[]; links: Map<Position, Uint8Array> } {
		const entries = entriesOf(this.#tables, plan);
		const data = ({ event }: Entry) => this.#tables.events[event.position]?.data as Uint8Array;
		return { entries, links: new Map(entries.map((one) => [one.event.position, data(one)])) };
	}

	async #withTargets(
		plan: ReadPlan,
		entries: readonly Entry[],
		links: Map<Position, Uint8Array>,
	): Promise<readonly FoundEntry[]> {
		const dataOf = ({ position }: { position: Position }) => links.get(position) as Uint8Array;
		const places = targetsOf(plan, entries, { dataOf });
		const facts = { dataOf, ...(await this.#targetsAt(places, plan.range.content)) };
		return withTargets(plan, entries, facts, this.#limits.pageBytesMax);
	}

	async #targetsAt(places: readonly Target[], content: boolean) {
		if (places.length === 0) return { stateOf: () => undefined, eventAt: () => undefined };
		const key = (stream: StreamName, version: Version) => `${version}@${stream}`;
		const { states, events } = await this.#fetch(() => ({
			states: new Map(places.map(({ stream }) => [stream, this.#tables.stateOf(stream)])),
			events: new Map(
				places.map(({ stream, version }) => {
					const event = this.#tables.eventAt(stream, version);
					return [key(stream, version), shown(event, content)];
				}),
			),
		}));
		return {
			stateOf: (stream: StreamName) => states.get(stream),
			eventAt: (stream: StreamName, version: Version) => events.get(key(stream, version)),
		};
	}

	async #restOf(plan: ReadPlan, found: readonly FoundEntry[]) {
		const sought = restSought(plan, found);
		return sought ? this.#fetch(() => restOf(this.#tables, plan.range.stream, sought)) : {};
	}

	/** Every part of it comes with a round trip. */
	#view(): LogView {
		const { size, events, entries, unproven, faults } = viewOf(this.#tables);
		return {
			size,
			events: (from, to, visitor) => this.#fetch(() => events(from, to, visitor)),
			entries: (visit) => this.#fetch(() => entries(visit)),
			unproven: () => this.#fetch(unproven),
			faults: (part) => this.#fetch(() => faults(part)),
		};
	}

	/** One transaction at a time, so that each is of one snapshot. */
	#alone<T>(work: () => Promise<T>): Promise<T> {
		if (this.#isClosed) {
			return Promise.reject(new Refusal("shutting-down", { retryAfterSeconds: 1 }));
		}
		const result = this.#transaction.then(work);
		this.#transaction = result.catch(() => {});
		return result;
	}

	async #fetch<T>(look: () => T | Promise<T>): Promise<T> {
		this.roundTrips++;
		await setImmediate();
		return look();
	}
}

/** What is planned counts for those behind it; what is refused refuses alone. */
function decide(waiting: Waiting, facts: FetchedFacts): Decided[] {
	const { request, events, reject } = waiting;
	try {
		const known = facts.for(request.stream, events);
		const plan = "hard" in request ? planDelete(request, known) : planAppend(request, known);
		const answer = facts.add(plan, { stream: request.stream, events });
		return [{ ...waiting, plan, answer }];
	} catch (error) {
		reject(error);
		return [];
	}
}
