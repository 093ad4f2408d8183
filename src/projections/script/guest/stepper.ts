/**
 * One event through its handler: the states it works on, before and after.
 *
 * This is what runs for each event, in an interpreter, so it does no more than it must: nothing is
 * set back that the next event sets anyway, and what only a failure needs is found when it happens.
 */
import { COLUMNS, FLAGS, IS_SPECIAL, SOFT_DELETED, STREAM, TYPE } from "./events/batch.ts";
import { type Envelope, envelopeOf } from "./events/envelope.ts";
import { tellHost } from "./events/moment.ts";
import type { Output } from "./language/output.ts";
import type { Call, Program } from "./language/program.ts";
import { isArray, OwnPromise, OwnTypeError, parse } from "./realm/intrinsics.ts";
import { Draft } from "./states/draft.ts";
import type { Entry, Partitions } from "./states/partitions.ts";
import { type Json, plain } from "./states/plain.ts";
import type { Handler, Work } from "./work.ts";

/** The part of the state that all partitions share. */
export type Shared = { state: Json; isLoaded: boolean; isChanged: boolean };

/** What the loop over plain events keeps from one to the next; last the number of its type. */
type Plain = [Draft | undefined, Entry | undefined, string | undefined, number];

export class Stepper {
	readonly shared: Shared = { state: null, isLoaded: false, isChanged: false };
	/** The states can no longer be trusted: a handler that failed could not be undone. */
	isLost = false;
	readonly #program: Program;
	readonly #output: Output;
	readonly #partitions: Partitions;
	readonly #isBiState: boolean;
	// Of the event at hand, for undoing it. The draft knows the state before.
	#entry: Entry | undefined;
	#isNew = false;
	#isSharedNew = false;
	#draft: Draft | undefined;
	#sharedDraft: Draft | undefined;

	constructor(program: Program, output: Output, partitions: Partitions) {
		this.#program = program;
		this.#output = output;
		this.#partitions = partitions;
		this.#isBiState = program.isBiState;
	}

	/**
	 * All events of a batch, of which only the states are wanted. Most go through here: a plain
	 * handler, and a state that is there. `step` takes the others.
	 * @throws as `step`
	 */
	run(work: Work): void {
		const { batch, end, number, envelopes } = work;
		const { numbers, streams } = batch;
		const { byStreams, partitionBy } = this.#program;
		const calls = work.handlers.map((handler) => (this.#isBiState ? undefined : handler?.call));
		const output = this.#output;
		let [draft, entry, partition, type]: Plain = [undefined, undefined, undefined, -1];
		for (let at = 0; at < end; at++) {
			work.at = at;
			const row = at * COLUMNS;
			const of = numbers[row + TYPE] as number;
			const call = ((numbers[row + FLAGS] as number) & IS_SPECIAL) === 0 ? calls[of] : undefined;
			let name: string | undefined = "";
			if (byStreams) name = streams[numbers[row + STREAM] as number];
			else if (partitionBy) name = work.partitions[at];
			if (entry === undefined || name !== partition || call === undefined) {
				if (draft) draft.isOpen = false;
				partition = name;
				entry = call && name !== undefined ? this.#partitions.get(name) : undefined;
				draft = entry && this.open(entry);
			}
			if (!call || !entry || !draft) {
				type = -1;
				const handler = work.handlerOf(at);
				if (handler && name !== undefined) this.step(work, name, handler);
				continue;
			}
			tellHost();
			this.#draft = draft;
			if (of !== type) work.during = work.handlers[of]?.name;
			type = of;
			output.event = at;
			const returned = call(
				draft.value,
				partitionBy ? work.envelope(at) : envelopeOf(envelopes, at),
			);
			if (returned !== undefined && returned !== draft.value) this.replace(entry, draft, returned);
			else if (draft.isUnsettled) draft.settle();
			if (output.violation) throw new OwnTypeError(output.violation.message);
			// What `change` does, without the call, which most events do not need.
			if (draft.isChanged && entry.isChanged && entry.changed === number) entry.event = at;
			else if (draft.isChanged) this.#partitions.change(entry, at);
			const isSame = entry.state === draft.root;
			// No call and no branch: an interruption finds the event undone, or whole and behind it.
			this.#draft = undefined;
			draft.isChanged = false;
			draft.isLost = false;
			draft.undone = 0;
			work.handled++;
			work.at = at + 1;
			if (!isSame) entry = undefined;
		}
		if (draft) draft.isOpen = false;
		output.event = undefined;
	}

	/**
	 * @returns the state's entry
	 * @throws whatever the script throws; `rollBack` then makes the event one that never was
	 */
	step(work: Work, partition: string, handler: Handler): Entry {
		tellHost();
		this.#draft = undefined;
		this.#isNew = false;
		const output = this.#output;
		let entry = this.#entry;
		if (!entry || entry.partition !== partition || entry.used !== work.number) {
			entry = this.#partitions.get(partition);
			this.#entry = entry;
		}
		output.event = work.at;
		output.partition = partition;
		const envelope = work.envelope(work.at);
		if (!entry || this.#isBiState) entry = this.#enter(work, partition, entry, envelope);
		work.during = handler.name;
		const { call } = handler;
		const isPlain = call !== undefined && !this.#isBiState && handler.name !== "$deleted";
		const draft = isPlain
			? this.fold(entry, call, envelope)
			: this.#foldOther(work, entry, handler, envelope);
		output.event = undefined;
		if (output.violation) throw new OwnTypeError(output.violation.message);
		if (draft.isChanged) {
			// What `change` does, without the call, which most events do not need.
			if (entry.isChanged && entry.changed === work.number) entry.event = work.at;
			else this.#partitions.change(entry, work.at);
		}
		work.handled++;
		return entry;
	}

	/** Also after an interruption, which may come between any two steps of a handler. */
	rollBack(work: Work): void {
		this.#output.rollBack(work.at);
		const [entry, draft, shared] = [this.#entry, this.#draft, this.#sharedDraft];
		this.#entry = undefined;
		if (shared) {
			shared.rollBack();
			this.shared.state = shared.root;
			if (shared.isLost) this.isLost = true;
		}
		if (this.#isSharedNew) {
			this.shared.isLoaded = false;
			this.shared.isChanged = false;
		}
		if (!entry || !draft) {
			if (entry && this.#isNew) this.#partitions.remove(entry);
			return;
		}
		draft.rollBack();
		entry.state = draft.root;
		entry.draft = undefined;
		if (this.#isNew) this.#partitions.remove(entry);
		else if (draft.isLost) {
			// The host has the state as it was, unless an earlier event changed it.
			if (entry.isChanged) this.isLost = true;
			this.#partitions.remove(entry);
		}
	}

	/** Makes the states that are not there yet. */
	#enter(work: Work, partition: string, known: Entry | undefined, envelope: Envelope): Entry {
		this.#sharedDraft = undefined;
		this.#isSharedNew = this.#isBiState && !this.shared.isLoaded;
		if (this.#isSharedNew) {
			work.during = "$initShared";
			this.shared.state = initial(this.#program.special("$initShared"));
			this.shared.isLoaded = true;
			this.shared.isChanged = true;
		}
		if (known) return known;
		this.#isNew = true;
		work.during = "$init";
		const state = initial(this.#program.special("$init"));
		const entry = this.#partitions.add(partition, state, work.at);
		this.#entry = entry;
		const created = this.#program.special("$created");
		if (created && partition !== "") {
			work.during = "$created";
			const hear: Call = (given) => void created(given, envelope);
			if (this.#isBiState) this.#foldBoth(entry, hear, envelope);
			else this.fold(entry, hear, envelope);
		}
		return entry;
	}

	/** Nothing handles events: the state is the data of the last one. */
	#keepData(entry: Entry, { isJson, bodyRaw }: Envelope): Draft {
		const draft = new Draft(entry.state);
		this.#draft = draft;
		entry.state = isJson ? parse(bodyRaw) : bodyRaw;
		draft.isChanged = true;
		return draft;
	}

	#foldOther(work: Work, entry: Entry, { name, call }: Handler, envelope: Envelope): Draft {
		if (!call) return this.#keepData(entry, envelope);
		if (name !== "$deleted") return this.#foldBoth(entry, call, envelope);
		const flags = work.batch.numbers[work.at * COLUMNS + FLAGS] as number;
		const isSoft = (flags & SOFT_DELETED) !== 0;
		const hear: Call = (given) => void call(given, null, entry.partition, isSoft);
		return this.fold(entry, hear, envelope);
	}

	/**
	 * The draft of a state that is there. Not private, since the engine finds a plain method sooner.
	 */
	open(entry: Entry): Draft {
		let draft = entry.draft;
		if (!draft || draft.root !== entry.state) draft = this.#partitions.draft(entry);
		this.#output.partition = entry.partition;
		this.#entry = entry;
		this.#isNew = false;
		this.#draft = undefined;
		draft.begin();
		draft.isOpen = true;
		return draft;
	}

	/** As `open`: the handler gave another state. */
	replace(entry: Entry, draft: Draft, returned: unknown): void {
		refusePromise(returned);
		entry.state = draft.replaced(returned);
	}

	/** As `open`. */
	fold(entry: Entry, call: Call, envelope: Envelope): Draft {
		let draft = entry.draft;
		if (!draft || draft.root !== entry.state) draft = this.#partitions.draft(entry);
		this.#draft = draft;
		if (draft.isChanged) draft.begin();
		draft.isOpen = true;
		const returned = call(draft.value, envelope);
		if (returned === undefined || returned === draft.value) {
			if (draft.isUnsettled) draft.settle();
		} else {
			this.replace(entry, draft, returned);
		}
		draft.isOpen = false;
		return draft;
	}

	#foldBoth(entry: Entry, call: Call, envelope: Envelope): Draft {
		const draft = this.#partitions.draft(entry);
		const shared = new Draft(this.shared.state);
		this.#draft = draft;
		this.#sharedDraft = shared;
		draft.isOpen = true;
		shared.isOpen = true;
		const pair = [draft.value, shared.value];
		const returned = call(pair, envelope) ?? pair;
		refusePromise(returned);
		if (!isArray(returned))
			throw new OwnTypeError("a handler of a projection with shared state returns [state, shared]");
		// Each may hold parts of the other, so both stay open until both are plain.
		const state = draft.taken(returned[0]);
		const both = shared.taken(returned[1]);
		entry.state = state;
		this.shared.state = both;
		draft.isOpen = false;
		shared.isOpen = false;
		if (shared.isChanged) this.shared.isChanged = true;
		return draft;
	}
}

/** What an async function does later is never run: it would be a change without an event. */
function refusePromise(returned: unknown): void {
	if (returned instanceof OwnPromise)
		throw new OwnTypeError("a handler is no async function: it returns the state itself");
}

function initial(call: Call | undefined): Json {
	const state = call?.();
	return state === undefined ? {} : plain(state);
}
