/**
 * The newest lines of the operator log, kept in memory for whoever cannot see standard error. The
 * oldest ones make room for new ones.
 */
import { LEVELS, type Level } from "./operator-log.ts";

/** Some hours of a quiet server, some seconds of one that logs each request. */
const LINES_MAX = 1000;
/** A line may hold the stack of an error. */
const CHARACTERS_MAX = 512 * 1024;

export type RecentLine = {
	/** ISO 8601. */
	readonly time: string;
	readonly level: Level;
	readonly message: string;
	/** What stood beside it, by name. */
	readonly facts: { readonly [name: string]: unknown };
};

export class RecentLines {
	readonly #lines: string[] = [];
	#characters = 0;
	/** How many there were since the process started. */
	#count = 0;

	/** @param json one line, as `LogLines` makes it */
	add(json: string): void {
		this.#lines.push(json);
		this.#count++;
		this.#characters += json.length;
		while (this.#lines.length > LINES_MAX || this.#characters > CHARACTERS_MAX) {
			this.#characters -= this.#lines.shift()?.length ?? 0;
		}
	}

	/** The lines that have been, the ones that are no longer kept included. */
	get count(): number {
		return this.#count;
	}

	/**
	 * The newest lines, newest first.
	 * @param level the least important ones to show
	 */
	newest(level: Level, limit: number): RecentLine[] {
		const found: RecentLine[] = [];
		for (let at = this.#lines.length - 1; at >= 0 && found.length < limit; at--) {
			const line = lineOf(this.#lines[at] as string);
			if (LEVELS.indexOf(line.level) <= LEVELS.indexOf(level)) found.push(line);
		}
		return found;
	}
}

function lineOf(json: string): RecentLine {
	const { time, level, msg, ...facts } = JSON.parse(json);
	return { time, level, message: msg, facts };
}
