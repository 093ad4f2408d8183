/**
 * Writes the operator log: JSON by pino, or the same facts as a line for people.
 *
 * A line never holds a line break, nor anything else that a terminal or a log viewer would act on,
 * wherever its text came from.
 */
import { pino, stdSerializers, stdTimeFunctions } from "pino";
import type { Facts, Level, OperatorLog } from "./operator-log.ts";
import { plainLine } from "./plain.ts";
import { RecentLines } from "./recent-lines.ts";
import { escapeInvisible } from "./visible.ts";

/** A value of a fact is cut here: what a client sends must not fill the operator's disk. */
const STRING_CHARACTERS_MAX = 8192;

export type LogForm = "json" | "text";

/** The operator log of one process. */
export class LogLines implements OperatorLog {
	/** The newest lines. */
	readonly recent = new RecentLines();
	readonly #pino: ReturnType<typeof createPino>;

	/** @param write takes one line, which ends with a line break */
	constructor(form: LogForm, level: Level, write: (line: string) => void) {
		this.#pino = createPino(level, (json) => {
			const escaped = escapeInvisible(json);
			this.recent.add(escaped);
			write(form === "json" ? escaped : plainLine(escaped));
		});
	}

	/** Takes effect with the next line. */
	setLevel(level: Level): void {
		this.#pino.level = level;
	}

	error(message: string, facts?: Facts): void {
		this.#pino.error(bounded(facts), message);
	}

	warn(message: string, facts?: Facts): void {
		this.#pino.warn(bounded(facts), message);
	}

	info(message: string, facts?: Facts): void {
		this.#pino.info(bounded(facts), message);
	}
}

function createPino(level: Level, write: (line: string) => void) {
	const options = {
		level,
		base: null,
		timestamp: stdTimeFunctions.isoTime,
		formatters: { level: (label: string) => ({ level: label }) },
		// `bounded` has made plain facts of it.
		serializers: { err: (plain: unknown) => plain },
	};
	return pino(options, { write });
}

function bounded(facts: Facts = {}): Facts {
	return Object.fromEntries(
		Object.entries(facts).map(([name, value]) => [name, boundedValue(value)]),
	);
}

function boundedValue(value: unknown): unknown {
	if (value instanceof Error) return bounded({ ...stdSerializers.err(value) });
	if (typeof value !== "string" || value.length <= STRING_CHARACTERS_MAX) return value;
	return `${value.slice(0, STRING_CHARACTERS_MAX)}… (${value.length} characters)`;
}
