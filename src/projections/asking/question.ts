/**
 * A question: a query that runs over the log as it is when it is asked, and tells on the way what
 * comes of it. It writes nothing: what the query emits is told. Who leaves the loop cancels it.
 */
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { ALL } from "../../event.ts";
import type { Author } from "../definition.ts";
import { InMemory } from "../keeping/in-memory.ts";
import { type StateText, TooMuchState } from "../keeping/keeper.ts";
import { invalidQuery } from "../running/check.ts";
import {
	type Emitted,
	type Fault,
	type Outcome,
	SandboxLost,
	type Script,
	type ScriptEvent,
	ScriptFault,
} from "../script/script.ts";
import { eventsFor, selectionOf } from "../source/events.ts";
import { Reader } from "../source/reader.ts";
import { Sieve, streamsOf } from "../source/selection.ts";
import type { ReplayParts } from "./replay.ts";

export type Asked = { readonly query: string; readonly author: Author };

/** What came of some more events. */
export type QuestionStep = {
	/** The partitions whose states these events changed. */
	readonly states: ReadonlyMap<string, StateText>;
	readonly emitted: readonly Said<Emitted>[];
	readonly log: readonly Said<{ readonly text: string }>[];
	readonly progress: QuestionProgress;
};

/** Whatever a query says, with the position of the event on which it says that. */
export type Said<T> = T & { readonly position: number };

export type QuestionProgress = {
	/** All events before this position are behind it. */
	readonly next: number;
	/** The first position that it does not come to. */
	readonly end: number;
	/** Events that it has read, and those of them that a handler saw. */
	readonly read: number;
	readonly handled: number;
	readonly partitions: number;
	readonly milliseconds: number;
	/** Undefined while it runs. */
	readonly over: QuestionEnd | undefined;
};

export type QuestionEnd =
	| { readonly reason: "completed" | "time-max" }
	/** The states are those from before the event that caused it. */
	| { readonly reason: "faulted"; readonly fault: Fault }
	| { readonly reason: "states-max"; readonly detail: string };

/** Events go to the script in batches: as many as take so long, since none is cancelled midway. */
const BATCH_MS = 250;
const BATCH_MIN = 16;
const BATCH_MAX = 500;
/** Scripts of others took the thread of this one with them: more often than that is no accident. */
const LOST_MAX = 3;

/**
 * Each step as it is done. Whoever takes a first step has to take all, or to call `return`.
 * @throws Refusal `invalid-projection` at the first step if the query is none, and as a read
 */
export async function* ask(
	parts: ReplayParts,
	asked: Asked,
	msMax: number,
): AsyncGenerator<QuestionStep> {
	const question = await Question.open(parts, asked);
	try {
		for (;;) {
			const step = await question.step(msMax);
			yield step;
			if (step.progress.over) return;
			await setImmediate();
		}
	} finally {
		await question.close();
	}
}

/** One question while it runs. Holds a script, and has to be closed. */
class Question {
	readonly #open: () => Promise<Script>;
	readonly #reader: Reader;
	readonly #sieve: Sieve;
	readonly #kept: KeptStates;
	readonly #end: number;
	readonly #started = performance.now();
	#script: Script;
	#batch = BATCH_MIN;
	#next = 0;
	#read = 0;
	#handled = 0;
	#lost = 0;

	private constructor(
		open: () => Promise<Script>,
		script: Script,
		reader: Reader,
		kept: KeptStates,
		end: number,
	) {
		this.#open = open;
		this.#script = script;
		this.#reader = reader;
		this.#sieve = new Sieve(selectionOf(script.definition), randomUUID());
		this.#kept = kept;
		this.#end = end;
	}

	static async open({ own, scripts, rights }: ReplayParts, asked: Asked): Promise<Question> {
		const { reads } = await rights.of(asked.author);
		const end = Number(await own.log.last(ALL)) + 1;
		const kept = new KeptStates();
		const open = () =>
			scripts.open({
				source: asked.query,
				states: kept,
				mayEmit: true,
				startsFromNothing: kept.isNothing,
			});
		const script = await open().catch(onceMore(open)).catch(refuse);
		const selection = selectionOf(script.definition);
		const start = { from: 0, cursors: {}, resolvesAll: selection.includesLinks };
		const reader = new Reader(reads, async () => end - 1, streamsOf(selection), start);
		return new Question(open, script, reader, kept, end);
	}

	close(): Promise<void> {
		return this.#script.close();
	}

	async step(msMax: number): Promise<QuestionStep> {
		const { found, next, isAtHead } = await this.#reader.read(this.#batch);
		this.#read += found.length;
		const events = eventsFor(this.#sieve, found);
		const began = performance.now();
		const outcome = await this.#run(events);
		this.#batch = batchAfter(this.#batch, performance.now() - began);
		this.#handled += outcome.handled;
		if (outcome.fault === undefined) this.#next = next;
		// A fault that took the states with it leaves those from before the batch.
		else if (!outcome.isLost) this.#next = events[outcome.done]?.position ?? next;
		const states = statesOf(outcome, this.#script.definition.output.producesResults);
		const { fault } = outcome;
		const full = this.#kept.keep(states, outcome.states?.shared);
		const milliseconds = performance.now() - this.#started;
		const ended = isAtHead ? COMPLETED : milliseconds >= msMax ? TIME_MAX : undefined;
		const over = fault ? ({ reason: "faulted", fault } as const) : (full ?? ended);
		return { states, ...saidIn(outcome, events), progress: this.#progress(milliseconds, over) };
	}

	#progress(milliseconds: number, over: QuestionEnd | undefined): QuestionProgress {
		return {
			next: this.#next,
			end: this.#end,
			read: this.#read,
			handled: this.#handled,
			partitions: this.#kept.size,
			milliseconds,
			over,
		};
	}

	async #run(events: readonly ScriptEvent[]): Promise<Outcome> {
		const { producesResults } = this.#script.definition.output;
		// Handed out with each batch: so a fault finds the states as they were before its event.
		const options = { handOut: true, results: producesResults ? "last" : "none" } as const;
		try {
			return await this.#script.run(events, options);
		} catch (error) {
			if (!(error instanceof SandboxLost) || ++this.#lost > LOST_MAX) throw error;
			this.#script = await this.#open();
			return this.#run(events);
		}
	}
}

/** A server that is busy makes everything slow. */
function onceMore(open: () => Promise<Script>): (error: unknown) => Promise<Script> {
	return async (error) => {
		if (error instanceof ScriptFault && error.fault.kind === "time") return open();
		throw error;
	};
}

/** @throws Refusal `invalid-projection` */
function refuse(error: unknown): never {
	throw error instanceof ScriptFault ? invalidQuery(error.fault) : error;
}

function batchAfter(batch: number, ms: number): number {
	return ms > BATCH_MS ? Math.max(BATCH_MIN, batch >> 1) : Math.min(BATCH_MAX, batch * 2);
}

const COMPLETED = { reason: "completed" } as const;
const TIME_MAX = { reason: "time-max" } as const;

/** What the script has handed out, for when it asks for it again. */
class KeptStates {
	readonly #memory = new InMemory();
	#shared: string | undefined;
	#isNothing = true;

	get isNothing(): boolean {
		return this.#isNothing;
	}

	get size(): number {
		return this.#memory.size;
	}

	async load(partitions: readonly string[]): Promise<readonly (string | undefined)[]> {
		const found = partitions.map((partition) => this.#memory.state(partition));
		return (await Promise.all(found)).map((text) => text?.state);
	}

	async loadShared(): Promise<string | undefined> {
		return this.#shared;
	}

	/** @returns why it keeps no more, if so */
	keep(
		states: ReadonlyMap<string, StateText>,
		shared: string | undefined,
	): QuestionEnd | undefined {
		this.#shared = shared ?? this.#shared;
		if (states.size > 0) this.#isNothing = false;
		try {
			this.#memory.take(states);
			return undefined;
		} catch (error) {
			if (!(error instanceof TooMuchState)) throw error;
			return { reason: "states-max", detail: error.message };
		}
	}
}

/** The states that a batch has changed, and what transforms make of them. */
function statesOf(outcome: Outcome, producesResults: boolean): ReadonlyMap<string, StateText> {
	const results = new Map(outcome.results.map(({ partition, result }) => [partition, result]));
	const states = new Map<string, StateText>();
	for (const [partition, state] of outcome.states?.partitions ?? []) {
		const result = producesResults ? results.get(partition) : undefined;
		states.set(partition, { state, result });
	}
	return states;
}

function saidIn(
	{ emitted, log }: Outcome,
	events: readonly ScriptEvent[],
): Pick<QuestionStep, "emitted" | "log"> {
	const placed = <T extends { readonly event: number }>(one: T): Said<T> => {
		return { ...one, position: events[one.event]?.position ?? 0 };
	};
	return { emitted: emitted.map(placed), log: log.map(placed) };
}
