/** A run of a projection; and beside it, if that is wanted, one that is restarted often. */
import {
	type Definition,
	openScripts,
	type ScriptEvent,
	ScriptFault,
	type Scripts,
} from "../../projections/script/script.ts";
import { Failure } from "../explain.ts";
import { described, line, linesOf } from "./lines.ts";
import { OneRun } from "./one-run.ts";

export type RunsOptions = { readonly steps: boolean; readonly restarts: boolean };

/** Events between two restarts: few, so that what a script hides shows soon. */
const EVENTS_PER_START = 50;

export class Runs {
	readonly definition: Definition;
	/** What went wrong, for people. */
	failure: string | undefined;
	readonly #scripts: Scripts;
	readonly #file: string;
	readonly #options: RunsOptions;
	readonly #run: OneRun;
	readonly #restarted: OneRun;
	#events = 0;
	#handled = 0;

	private constructor(
		scripts: Scripts,
		file: string,
		options: RunsOptions,
		[run, restarted]: readonly [OneRun, OneRun],
	) {
		this.#scripts = scripts;
		this.#file = file;
		this.#options = options;
		this.#run = run;
		this.#restarted = restarted;
		this.definition = run.definition;
	}

	/** @throws Failure if the source is no projection */
	static async open(source: string, file: string, options: RunsOptions): Promise<Runs> {
		const scripts = openScripts();
		try {
			const run = await OneRun.open(scripts, source);
			const restarted = options.restarts ? await OneRun.open(scripts, source) : run;
			return new Runs(scripts, file, options, [run, restarted]);
		} catch (error) {
			await scripts.close();
			if (error instanceof ScriptFault) throw new Failure(described(error.fault, file));
			throw error;
		}
	}

	/** @returns lines to print */
	async take(events: readonly ScriptEvent[]): Promise<string[]> {
		const outcome = await this.#run.take(events, this.#options.steps);
		this.#events += outcome.done;
		this.#handled += outcome.handled;
		if (outcome.fault) this.failure = described(outcome.fault, this.#file);
		else if (this.#options.restarts) await this.#takeWithRestarts(events);
		return linesOf(outcome, events);
	}

	/** @returns lines to print */
	async end(): Promise<string[]> {
		const lines = await this.#run.lines();
		if (this.#options.restarts && !this.failure) {
			const others = await this.#restarted.lines();
			const at = lines.findIndex((one, index) => one !== others[index]);
			if (at >= 0) this.failure = `${this.#file}: ${differing(lines[at], others[at])}`;
		}
		const { failure } = this;
		if (failure !== undefined) lines.push(line({ kind: "failure", message: failure }));
		return [...lines, line({ kind: "end", events: this.#events, handled: this.#handled })];
	}

	close(): Promise<void> {
		return this.#scripts.close();
	}

	async #takeWithRestarts(events: readonly ScriptEvent[]): Promise<void> {
		for (let at = 0; at < events.length; at += EVENTS_PER_START) {
			const part = events.slice(at, at + EVENTS_PER_START);
			const { fault } = await this.#restarted.take(part, false);
			if (fault) {
				this.failure = `${described(fault, this.#file)}; only if it is restarted`;
				return;
			}
			await this.#restarted.restart();
		}
	}
}

/** Of a state in an error: enough to see what it is about. */
const SHOWN_CHARS = 200;

function differing(one = "", other = ""): string {
	const [shown, restarted] = [one.trim().slice(0, SHOWN_CHARS), other.trim().slice(0, SHOWN_CHARS)];
	return (
		`with restarts, ${restarted || "nothing"} comes of it in place of ${shown}; ` +
		"the script keeps something outside its state"
	);
}
