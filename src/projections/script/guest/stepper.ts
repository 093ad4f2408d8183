/** One event through its handler: the states it works on, before and after. */
import { FLAGS, SOFT_DELETED } from "./batch.ts";
import { Draft, type Json, plain } from "./draft.ts";
import { Envelope } from "./envelope.ts";
import { isArray, OwnPromise, OwnTypeError, parse } from "./intrinsics.ts";
import { setMoment, tellHost } from "./moment.ts";
import type { Output } from "./output.ts";
import type { Entry, Partitions } from "./partitions.ts";
import type { Call, Program } from "./program.ts";
import type { Handler, Work } from "./work.ts";

/** The part of the state that all partitions share. */
export type Shared = { state: Json; isLoaded: boolean; isChanged: boolean };

export class Stepper {
	readonly shared: Shared = { state: null, isLoaded: false, isChanged: false };
	/** The states can no longer be trusted: a handler that failed could not be undone. */
	isLost = false;
	readonly #program: Program;
	readonly #output: Output;
	readonly #partitions: Partitions;
	// Of the event at hand, for undoing it.
	#entry: Entry | undefined;
	#partition = "";
	#isNew = false;
	#before: Json;
	#sharedBefore: Json;
	#draft: Draft | undefined;
	#sharedDraft: Draft | undefined;

	constructor(program: Program, output: Output, partitions: Partitions) {
		this.#program = program;
		this.#output = output;
		this.#partitions = partitions;
	}

	/**
	 * @returns the state's entry
	 * @throws whatever the script throws; `rollBack` then makes the event one that never was
	 */
	step(work: Work, event: number, partition: string, handler: Handler): Entry {
		this.#begin(work, event, partition);
		const envelope = work.envelope(event);
		Envelope.place(envelope, partition);
		const entry = this.#enter(work, event, envelope);
		work.during = handler.name;
		const isChanged = this.#run(work, event, entry, handler, envelope);
		const { violation } = this.#output;
		if (violation) throw new OwnTypeError(violation.message);
		if (isChanged) this.#partitions.change(partition, entry, event);
		if (this.#sharedDraft?.isChanged) this.shared.isChanged = true;
		this.#output.end();
		return entry;
	}

	/** Also after an interruption, which may come between any two steps of a handler. */
	rollBack(): void {
		this.#output.rollBack();
		this.#sharedDraft?.rollBack();
		this.#draft?.rollBack();
		if (this.#entry) this.#entry.state = this.#before;
		if (this.#sharedDraft) this.shared.state = this.#sharedBefore;
		if (this.#sharedDraft?.isLost) this.isLost = true;
		if (this.#isNew) this.#partitions.remove(this.#partition);
		else if (this.#draft?.isLost) {
			// The host has the state as it was, unless an earlier event changed it.
			if (this.#entry?.isChanged) this.isLost = true;
			this.#partitions.remove(this.#partition);
		}
	}

	#begin({ batch }: Work, event: number, partition: string): void {
		tellHost();
		setMoment(batch, event);
		this.#output.begin(event, partition);
		this.#partition = partition;
		this.#entry = undefined;
		this.#isNew = false;
		this.#draft = undefined;
		this.#sharedDraft = undefined;
	}

	/** The state's entry, made if the partition is new. */
	#enter(work: Work, event: number, envelope: Envelope): Entry {
		if (this.#program.isBiState && !this.shared.isLoaded) {
			work.during = "$initShared";
			this.shared.state = initial(this.#program.special("$initShared"));
			this.shared.isLoaded = true;
			this.shared.isChanged = true;
		}
		this.#sharedBefore = this.shared.state;
		this.#entry = this.#partitions.get(this.#partition);
		this.#before = this.#entry?.state;
		if (this.#entry) return this.#entry;
		work.during = "$init";
		const state = initial(this.#program.special("$init"));
		this.#isNew = true;
		this.#entry = this.#partitions.add(this.#partition, state, event);
		const created = this.#program.special("$created");
		if (created && this.#partition !== "") {
			work.during = "$created";
			this.#fold(this.#entry, (given) => void created(given, envelope));
		}
		return this.#entry;
	}

	/** @returns whether the state changed */
	#run(
		{ batch }: Work,
		event: number,
		entry: Entry,
		handler: Handler,
		envelope: Envelope,
	): boolean {
		const { name, call } = handler;
		if (call === undefined) {
			// Nothing handles events: the state is the data of the last one.
			const before = entry.state;
			const { isJson, bodyRaw } = envelope;
			entry.state = isJson ? parse(bodyRaw) : bodyRaw;
			return before !== entry.state;
		}
		if (name !== "$deleted") return this.#fold(entry, call, envelope);
		const isSoft = (batch.number(event, FLAGS) & SOFT_DELETED) !== 0;
		return this.#fold(entry, (given) => void call(given, null, this.#partition, isSoft));
	}

	/** @returns whether the partition's state changed */
	#fold(entry: Entry, call: Call, envelope?: Envelope): boolean {
		const draft = new Draft(entry.state);
		this.#draft = draft;
		if (this.#program.isBiState) return this.#foldBoth(entry, draft, call, envelope);
		const returned = call(draft.value, envelope);
		refusePromise(returned);
		entry.state = draft.settle(returned);
		draft.close();
		return draft.isChanged;
	}

	#foldBoth(entry: Entry, draft: Draft, call: Call, envelope?: Envelope): boolean {
		const shared = new Draft(this.shared.state);
		this.#sharedDraft = shared;
		const pair = [draft.value, shared.value];
		const returned = call(pair, envelope) ?? pair;
		refusePromise(returned);
		if (!isArray(returned))
			throw new OwnTypeError("a handler of a projection with shared state returns [state, shared]");
		// Each may hold parts of the other, so both stay open until both are plain.
		const state = draft.settle(returned[0]);
		this.shared.state = shared.settle(returned[1]);
		entry.state = state;
		draft.close();
		shared.close();
		return draft.isChanged;
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
