/** What follows from an attempt, for each of its messages: settled, again, parked, given up. */
import type { DeliveredEntry } from "../../subscriptions/source.ts";
import type { Subscription } from "../../subscriptions/subscription.ts";
import type { Attempt, AttemptLog } from "../keeping/attempts.ts";
import { type Verdict, verdictOn } from "../pace/verdict.ts";
import type { Outcome } from "../sending/outcome.ts";
import type { PushNumbers } from "./numbers.ts";
import type { Subject } from "./subject.ts";

type Taken = readonly DeliveredEntry[];
type Made = Pick<Attempt, "atMs" | "durationMs" | "id">;

export type ConsequencesParts = {
	readonly rules: Subject["rules"];
	readonly subscription: Subscription;
	readonly attempts: AttemptLog;
	readonly numbers: PushNumbers;
	/** What was parked holds back nothing any more. */
	parked(): void;
};

export class Consequences {
	readonly #parts: ConsequencesParts;

	constructor(parts: ConsequencesParts) {
		this.#parts = parts;
	}

	/**
	 * Carries out what follows, and notes the attempt.
	 * @param taken was sent together, and its try was counted
	 * @returns the verdict on the messages that were tried most
	 */
	follow(outcome: Outcome, taken: Taken, made: Made): Verdict {
		const { rules, numbers, attempts } = this.#parts;
		const triesOf = ({ message }: DeliveredEntry) => attempts.triesOf(message);
		const most = Math.max(...taken.map(triesOf));
		const luck = Math.random();
		numbers.count(outcome.word, made.durationMs);
		const verdict = verdictOn(outcome, most, rules, luck);
		const isLast = (one: DeliveredEntry) => triesOf(one) >= rules.tries;
		const last = taken.filter(isLast);
		const others = taken.filter((one) => !isLast(one));
		const tried = attempts.triedOf(taken.map(({ message }) => message));
		const followed = this.#carryOut(verdict, last.length === 0 ? taken : last);
		// Those that were sent with others for the first time have tries left.
		if (last.length > 0 && others.length > 0) {
			const tries = Math.max(...others.map(triesOf));
			this.#carryOut(verdictOn(outcome, tries, rules, luck), others);
		}
		if (outcome.word !== "stopped") {
			const again = tried.filter(([, tries]) => tries < rules.tries);
			this.#note(outcome, taken, { ...made, tries: most, followed }, again);
		}
		return verdict;
	}

	/** These need no attempt any more. */
	settle(taken: Taken): void {
		this.#parts.attempts.forget(taken.map(({ message }) => message));
		this.#parts.subscription.answer({ is: "ack" }, namesOf(taken));
	}

	/** They come again, by no fault of theirs. */
	release(taken: Taken, afterMs: number): void {
		this.#parts.subscription.answer({ is: "release", afterMs }, namesOf(taken));
	}

	/** @returns the word for it in the log of attempts */
	#carryOut(verdict: Verdict, taken: Taken): string {
		const { subscription, attempts, numbers, parked } = this.#parts;
		const messages = taken.map(({ message }) => message);
		switch (verdict.is) {
			case "settle":
				this.settle(taken);
				numbers.events += taken.length;
				return "settled";
			case "retry":
				this.release(taken, verdict.afterMs);
				return "again";
			case "park":
				attempts.forget(messages);
				subscription.answer({ is: "park", reason: verdict.reason }, namesOf(taken));
				void subscription.parkedWritten().then(parked);
				numbers.parked += taken.length;
				return "parked";
			case "drop":
				this.settle(taken);
				numbers.dropped += taken.length;
				return "dropped";
			case "stop":
				attempts.forget(messages);
				return "stopped";
			case "void":
				attempts.takeBack(messages);
				return "again";
		}
	}

	#note(
		outcome: Outcome,
		taken: Taken,
		made: Made & Pick<Attempt, "tries" | "followed">,
		again: NonNullable<Attempt["tried"]>,
	): void {
		const numbers = taken.map(({ entry }) => entry.version);
		const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
		const { retryAfterMs: _, ...told } = outcome;
		const isAgain = again.length > 0 && (made.followed === "again" || made.followed === "parked");
		const tried = isAgain ? { tried: again } : {};
		this.#parts.attempts.note({ ...told, ...made, first, last, ...tried });
	}
}

function namesOf(taken: Taken) {
	return taken.map(({ message: { id, attempt } }) => ({ id, attempt }));
}
