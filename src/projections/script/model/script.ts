/** What goes into a script, and what comes out: see ../script.ts. */
import type { Definition } from "./definition.ts";
import type { ScriptEvent } from "./events.ts";
import type { Limits } from "./limits.ts";
import type { Look, Outcome, RunOptions } from "./outcome.ts";

/** Everything that runs scripts: processes and threads. One for a server, or for a command. */
export interface Scripts {
	/**
	 * Compiles a script and runs its body, which tells what the script wants.
	 * @throws ScriptFault if the source is none, or its body throws or uses the language wrongly
	 */
	open(script: ScriptSource): Promise<Script>;
	/** How much the sandbox takes now; for metrics. */
	usage(): Usage;
	/** Ends all that runs. Scripts that are open reject with `SandboxLost`. */
	close(): Promise<void>;
}

export type ScriptSource = {
	/** The text of the user, at most `limits.sourceBytes` long in UTF-8. */
	readonly source: string;
	/** Where states come from that the sandbox does not hold. */
	readonly states: StateSource;
	/** What differs from `LIMITS`. */
	readonly limits?: Partial<Limits>;
	/** Whether emit, linkTo and linkStreamTo are allowed; if not (the default), they throw. */
	readonly mayEmit?: boolean;
	/**
	 * Nothing was ever made durable: the script starts at its first event. A partition that the
	 * sandbox has not met is then new, and `states` is not asked until a state had to be dropped.
	 */
	readonly startsFromNothing?: boolean;
};

/** The states of partitions as they were last made durable. The user of a script provides it. */
export interface StateSource {
	/**
	 * Loads states of partitions that the sandbox has not, or no longer. It is asked at most once for
	 * a batch (for each MiB of a long one), with all partitions that the batch needs and the sandbox
	 * does not hold; `""` is the root partition (the only one of a script without partitions). A
	 * partition that a script has met since it was opened is never asked for before its state was
	 * handed out.
	 * @returns for each partition, in order, its state as JSON text; undefined if it is new
	 */
	load(partitions: readonly string[]): Promise<readonly (string | undefined)[]>;
	/** The shared state of a bi-state script, asked for once, before the first event. */
	loadShared(): Promise<string | undefined>;
}

/** One script, open. Calls that overlap are taken one after another. */
export interface Script {
	readonly definition: Definition;
	/**
	 * Runs events through the script, in order. Events that are not for it (type, empty data) are
	 * passed over, and count as done.
	 *
	 * A fault of the script does not reject: the outcome has all that the events before it gave, and
	 * `fault`. The state is then that after the last good event, `done` says how many those are
	 * (unless `isLost`); a faulted script refuses further events with ScriptFault.
	 * @throws SandboxLost if the thread or process around the script died, or had to be ended for
	 *   what *another* script did; open it anew, from the last checkpoint
	 */
	run(events: readonly ScriptEvent[], options?: RunOptions): Promise<Outcome>;
	/** The state, and the result after transforms, of one partition as it is now. */
	look(partition: string): Promise<Look>;
	/** Forgets states that were handed out, and not used lately, down to a number of partitions. */
	unload(keepPartitions: number): Promise<void>;
	close(): Promise<void>;
}

export type Usage = {
	readonly processes: number;
	readonly threads: number;
	readonly scripts: number;
	readonly residentBytes: number;
};

/** The thread or the process around a script is gone, and with it what was not handed out. */
export class SandboxLost extends Error {
	override readonly name = "SandboxLost";
}
