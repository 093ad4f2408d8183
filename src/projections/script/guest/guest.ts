/**
 * The part of the sandbox that runs inside the engine, beside the user's script: what the host may
 * call. Everything goes in and comes out as text, but for the numbers of events.
 *
 * The host calls `begin`, runs the script's body, and calls `declare`; then `run` for each batch.
 * An interruption (time) ends a call from outside: the host then calls `recover`.
 */
import { Batch } from "./events/batch.ts";
import { replaceClock } from "./events/moment.ts";
import { offerLanguage } from "./language/language.ts";
import { Output, type OutputLimits, offerOutput } from "./language/output.ts";
import { Program } from "./language/program.ts";
import { parse, stringify } from "./realm/intrinsics.ts";
import { lockDown } from "./realm/lockdown.ts";
import { type RunLimits, Runner } from "./runner.ts";
import { Partitions } from "./states/partitions.ts";
import { described, type RawFault, type WorkOptions } from "./work.ts";

/** As JSON, to `begin`. */
export type Beginning = {
	readonly mayEmit: boolean;
	/** There are states that the sandbox has not. */
	readonly isPartial: boolean;
	readonly limits: OutputLimits & RunLimits;
};

const program = new Program();
/** Ends the script's body: from then on the program is whole. */
let end: (() => Runner) | undefined;
let runner: Runner | undefined;

export function begin(text: string): void {
	const { mayEmit, isPartial, limits } = parse(text) as Beginning;
	const output = new Output(mayEmit, limits);
	replaceClock();
	const takeLanguage = offerLanguage(program);
	offerOutput(output);
	lockDown();
	end = () => {
		takeLanguage();
		return new Runner(program, output, new Partitions(isPartial), limits);
	};
}

/** @returns JSON: the definition */
export function declare(): string {
	const definition = stringify(program.definition());
	runner = end?.();
	return definition;
}

/** @returns JSON: what `Runner.start` says */
export function run(names: string, numbers: ArrayBuffer, text: string, options: string): string {
	return running().start(new Batch(names, numbers, text), parse(options) as WorkOptions);
}

/** @param states JSON: pairs of a partition and its state, or null if it is new */
export function supply(states: string): string {
	return running().supply(parse(states) as [string, string | null][]);
}

export function loadShared(text: string): void {
	running().loadShared(text);
}

/** @param fault JSON */
export function recover(fault: string): string {
	return running().recover(parse(fault) as RawFault);
}

export function look(partition: string, isSupplied: string): string {
	return running().look(partition, isSupplied === "yes");
}

export function forget(keep: string): void {
	running().forget(parse(keep) as number);
}

export function whereabouts(): string {
	return running().whereabouts();
}

/** @returns JSON: what can be said of anything that was thrown */
export function describe(error: unknown): string {
	return stringify(described(error));
}

function running(): Runner {
	if (!runner) throw new TypeError("the sandbox has not begun");
	return runner;
}
