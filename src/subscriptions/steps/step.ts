/**
 * One step of a subscription: an input changes the state, and the output says what has to be done.
 * It does nothing else: no clock, no log, no luck. The same inputs make the same steps.
 * `message.ts` draws the states of a message; `subscription.ts` is the loop around this.
 */
import { batchOf } from "./batch.ts";
import { type FoundMessage, type Message, messageOf, type Origin } from "./message.ts";
import { type State, timeoutMs } from "./state.ts";

export type Input =
	/** A read of one of the streams came back: what is to be delivered, and how far it went. */
	| {
			readonly kind: "found";
			readonly origin: Origin;
			readonly messages: readonly FoundMessage[];
			readonly next: number;
	  }
	/** A consumer asks for messages. */
	| {
			readonly kind: "take";
			readonly consumer: string;
			readonly count: number;
			/** Who asks; "" if nobody is known. */
			readonly login: string;
	  }
	| { readonly kind: "answer"; readonly answer: ConsumerAnswer; readonly names: readonly Name[] }
	/** They were not handed over after all: they wait again, and that is no retry. */
	| { readonly kind: "returned"; readonly messages: readonly Message[] }
	/** No read shows the events of these messages any more: they count as handled. */
	| { readonly kind: "gone"; readonly messages: readonly Message[] }
	/** They stand in the parked stream now. */
	| { readonly kind: "parked"; readonly messages: readonly Message[] }
	/** Time has passed. */
	| { readonly kind: "tick" };

/** A consumer says one of these of messages that it has. */
export type ConsumerAnswer =
	| { readonly is: "ack" | "skip" | "retry" | "stop" | "renew" }
	/** With why, if it says so. */
	| { readonly is: "park"; readonly reason?: string }
	| { readonly is: "release"; readonly afterMs: number };

/** How a consumer names a message: by its id, and by the delivery that it answers, if it likes. */
export type Name = { readonly id: string; readonly attempt: number | undefined };

export type Output = {
	/** To the consumer that asked. */
	readonly delivered: readonly Message[];
	/** To be written to the parked stream, with why. */
	readonly toPark: readonly { readonly message: Message; readonly reason: string }[];
	/** Names that mean no delivery of now. */
	readonly stale: readonly Name[];
	/** True if a consumer that waits may find a message now. */
	readonly hasNews: boolean;
};

const NACKED = "Client explicitly NAK'ed message.\nNacked from HTTP";
const QUIET: Output = { delivered: [], toPark: [], stale: [], hasNews: false };

/** @param nowMs by a clock that never goes back */
export function step(state: State, input: Input, nowMs: number): Output {
	switch (input.kind) {
		case "found":
			return found(state, input);
		case "take":
			return take(state, input, nowMs);
		case "answer":
			return answered(state, input.answer, input.names, nowMs);
		case "returned":
			for (const message of input.messages) {
				state.inFlight.delete(message);
				state.waiting.free(message);
				wait(state, message);
			}
			return { ...QUIET, hasNews: true };
		case "gone":
		case "parked":
			for (const message of input.messages) settle(state, message);
			return { ...QUIET, hasNews: state.waiting.size > 0 };
		case "tick":
			return tick(state, nowMs);
	}
}

/** When the next `tick` has something to do; undefined if none has, as it is now. */
export function nextDueMs({ inFlight, delayed }: State): number | undefined {
	let due = Infinity;
	for (const { dueMs } of inFlight) {
		due = dueMs;
		break;
	}
	due = Math.min(due, delayed.nextMs);
	return due === Infinity ? undefined : due;
}

function found(state: State, { origin, messages, next }: Input & { kind: "found" }): Output {
	const track = state.tracks[origin];
	for (const each of messages) {
		const message = messageOf(each, origin);
		track.open.set(message.number, message);
		state.waiting.add(message);
	}
	track.next = Math.max(track.next, next);
	return { ...QUIET, hasNews: messages.length > 0 };
}

function take(
	state: State,
	{ consumer, count, login }: Input & { kind: "take" },
	nowMs: number,
): Output {
	const { consumers, waiting, inFlight, settings, counts, tracks } = state;
	consumers.heardOf(consumer, nowMs, login);
	const taken = tracks.source.open.size + tracks.parked.open.size - waiting.size;
	const most = Math.min(count, settings.maxInFlight - taken);
	if (most <= 0) return QUIET;
	const among = (message: Message) => batchOf(message, count, settings.maxRetryCount);
	const delivered = waiting.take(most, { have: consumers.shareOf(consumer), among });
	for (const message of delivered) {
		message.state = "in flight";
		message.consumer = consumer;
		message.sentMs = nowMs;
		message.dueMs = nowMs + timeoutMs(settings);
		message.attempt++;
		inFlight.add(message);
		if (message.attempt === 1) named(state, message);
	}
	counts.delivered += delivered.length;
	return { ...QUIET, delivered };
}

function answered(
	state: State,
	answer: ConsumerAnswer,
	names: readonly Name[],
	nowMs: number,
): Output {
	const toPark: Output["toPark"][number][] = [];
	const stale: Name[] = [];
	for (const name of names) {
		const message = meant(state, name);
		if (message) toPark.push(...carryOut(state, message, answer, nowMs));
		else if (isStale(state, name)) stale.push(name);
	}
	return { ...QUIET, toPark, stale, hasNews: state.waiting.size > 0 };
}

/** @returns what is to be parked */
function carryOut(
	state: State,
	message: Message,
	answer: ConsumerAnswer,
	nowMs: number,
): Output["toPark"] {
	switch (answer.is) {
		case "ack":
		case "skip":
			tally(state, message, nowMs);
			settle(state, message);
			return [];
		case "park":
			tally(state, message, nowMs);
			return [park(state, message, answer.reason ?? NACKED)];
		case "retry":
			if (message.state !== "in flight") return [];
			return giveBack(state, message);
		case "stop":
			return [];
		case "renew":
			if (message.state !== "in flight") return [];
			// Behind the others, as it is due behind them.
			state.inFlight.delete(message);
			message.dueMs = nowMs + timeoutMs(state.settings);
			state.inFlight.add(message);
			state.consumers.heardOf(message.consumer, nowMs);
			return [];
		case "release":
			if (message.state !== "in flight") return [];
			state.inFlight.delete(message);
			message.state = "delayed";
			message.dueMs = nowMs + answer.afterMs;
			state.delayed.add(message);
			callBack(state, message);
			return [];
	}
}

/** Counts an answer for its consumer. */
function tally({ consumers, settings }: State, message: Message, nowMs: number): void {
	const took = settings.extraStatistics ? nowMs - message.sentMs : undefined;
	consumers.of(message.consumer)?.tally.add(took);
}

function tick(state: State, nowMs: number): Output {
	const toPark: Output["toPark"][number][] = [];
	for (const message of state.inFlight) {
		if (message.dueMs > nowMs) break;
		toPark.push(...giveBack(state, message));
	}
	for (;;) {
		const message = state.delayed.takeDue(nowMs);
		if (!message) break;
		state.waiting.free(message);
		wait(state, message);
	}
	return { ...QUIET, toPark, hasNews: state.waiting.size > 0 };
}

/** A message that was not handled: it comes again, or is parked if it came often enough. */
function giveBack(state: State, message: Message): Output["toPark"] {
	const { maxRetryCount } = state.settings;
	callBack(state, message);
	if (message.retryCount >= maxRetryCount) {
		return [park(state, message, `Reached retry count of ${maxRetryCount}`)];
	}
	state.inFlight.delete(message);
	message.retryCount++;
	state.counts.retried++;
	state.waiting.free(message);
	wait(state, message);
	return [];
}

/**
 * Of an order by key: what was delivered with a message of its key, and stands behind it, waits
 * again, too. Its consumer's answers to it are void.
 */
function callBack(state: State, message: Message): void {
	for (const other of state.waiting.takenBehind(message)) {
		if (other.state !== "in flight") continue;
		state.inFlight.delete(other);
		other.attempt++;
		state.waiting.free(other);
		wait(state, other);
	}
}

function park(state: State, message: Message, reason: string): Output["toPark"][number] {
	state.inFlight.delete(message);
	if (message.state === "waiting") state.waiting.remove(message);
	message.state = "parking";
	state.counts.parked++;
	return { message, reason };
}

function wait(state: State, message: Message): void {
	message.state = "waiting";
	state.waiting.add(message);
}

function settle(state: State, message: Message): void {
	const { tracks, inFlight, waiting, counts } = state;
	const { origin, number } = message;
	if (tracks[origin].open.get(number) !== message) return;
	tracks[origin].open.delete(number);
	inFlight.delete(message);
	if (message.state === "waiting") waiting.remove(message);
	else waiting.free(message);
	message.state = "settled";
	forgetName(state, message);
	state.settled.add(message.id, message.attempt);
	counts.all.add();
	if (origin === "parked") return;
	counts.progress++;
	counts.lastSettled = Math.max(counts.lastSettled ?? 0, number);
}

/** Not so if it says again what was heard already. */
function isStale({ settled }: State, { id, attempt }: Name): boolean {
	return attempt !== undefined && !settled.has(id, attempt);
}

/**
 * The message that a consumer means: of several with one id, the one that was delivered first. A
 * message that was not answered in time, and is not with another consumer yet, can be answered
 * late. Not so in an order by key, where it may have been called back.
 */
function meant({ byId, settings }: State, { id, attempt }: Name): Message | undefined {
	const isOrdered = settings.namedConsumerStrategy === "OrderedByKey";
	return byId.get(id)?.find((message) => {
		if (attempt !== undefined && attempt !== message.attempt) return false;
		return message.state === "in flight" || (message.state === "waiting" && !isOrdered);
	});
}

function named({ byId }: State, message: Message): void {
	const known = byId.get(message.id);
	if (known) known.push(message);
	else byId.set(message.id, [message]);
}

function forgetName({ byId }: State, message: Message): void {
	const known = byId.get(message.id);
	const at = known?.indexOf(message) ?? -1;
	if (!known || at < 0) return;
	if (known.length === 1) byId.delete(message.id);
	else known.splice(at, 1);
}
