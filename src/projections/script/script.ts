/**
 * A projection's script in its sandbox: what it says of itself, what goes in, what comes out.
 *
 * This part knows no log and no HTTP. Its user reads events, hands them over in batches, keeps the
 * states that come back durable, and appends what the script emits. A batch costs one crossing into
 * the sandbox, however many events it has; states live inside the sandbox between batches, and come
 * out when the user asks for them (`run` with `handOut`), which makes a checkpoint.
 *
 * ```ts
 * const scripts = openScripts();                     // one for the server: the process around them
 * const script = await scripts.open({ source, states });
 * script.definition;                                 // which events it wants
 * const outcome = await script.run(events, { handOut: true });
 * // in one commit: outcome.emitted, outcome.states, and the position of events[outcome.done - 1]
 * await script.close();
 * ```
 *
 * Determinism: what comes out is a function of the source, the events, and the states handed in.
 * Where the batches end, and whether the sandbox was restarted in between, changes no byte. After
 * each event the state is what JSON can say of it: a Date is a string from the next event on. Only
 * what a script hides in variables of its own escapes that; it is lost with the sandbox.
 */
import type { Definition } from "./definition.ts";
import type { Fault } from "./fault.ts";
import type { Limits } from "./limits.ts";

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
	 * a batch, with all partitions that the batch needs and the sandbox does not hold; `""` is the
	 * root partition (the only one of a script without partitions). A partition that a script has
	 * met since it was opened is never asked for before its state was handed out.
	 * @returns for each partition, in order, its state as JSON text; undefined if it is new
	 */
	load(partitions: readonly string[]): Promise<readonly (string | undefined)[]>;
	/** The shared state (bi-state scripts), asked for once, before the first event; else undefined. */
	loadShared(): Promise<string | undefined>;
}

/** One script, open. Its calls are taken one after another; do not overlap them. */
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
	/** Forgets states that were handed out, the longest unused first, down to a number of partitions. */
	unload(keepPartitions: number): Promise<void>;
	close(): Promise<void>;
}

/** An event as it enters the sandbox: always text, never objects. */
export type ScriptEvent = {
	readonly position: number;
	/** The stream the event stands in. Where it was read through a link, the stream of the target. */
	readonly stream: string;
	readonly number: number;
	readonly type: string;
	readonly id: string;
	/** Milliseconds since 1970, UTC. */
	readonly created: number;
	readonly isJson: boolean;
	/** As sent; "" if there is none. Bytes that are no UTF-8 show as U+FFFD. */
	readonly data: string;
	/** As sent; "" if there is none. */
	readonly metadata: string;
	/** The metadata of the link through which it was read, if it was. */
	readonly linkMetadata?: string;
	/**
	 * The event is a notice that its stream was deleted: only `$deleted` sees it. `data` is not
	 * looked at.
	 */
	readonly deleted?: "soft" | "hard";
};

export type RunOptions = {
	/** Hand out all states that changed since they were last handed out, as of the end of `done`. */
	readonly handOut?: boolean;
	/**
	 * Results after transforms: `last` gives one for each partition that the batch touched, `each` one
	 * for each event. `none` is the default.
	 */
	readonly results?: "none" | "last" | "each";
	/** State before and after each event, for debuggers: slow. */
	readonly trace?: boolean;
};

export type Outcome = {
	/** How many events of the batch are behind the script. All of them, unless `fault` is there. */
	readonly done: number;
	/** How many of those a handler saw. */
	readonly handled: number;
	/** What the script wants appended, in order. */
	readonly emitted: readonly Emitted[];
	/** In order. */
	readonly results: readonly Result[];
	readonly log: readonly LogLine[];
	/** With `handOut`. */
	readonly states?: HandedOut;
	/** With `trace`. */
	readonly steps?: readonly Step[];
	readonly fault?: Fault;
	/**
	 * The fault took the states with it (no memory, a state too long, a transform that threw …): this
	 * outcome is as if nothing of the batch had run, and what earlier batches changed but did not hand
	 * out is gone, too. Close the script; the last checkpoint is where it stands.
	 */
	readonly isLost?: true;
	readonly held: Held;
};

/** `event` is everywhere the index within the batch that was handed in. */
export type Emitted = {
	readonly event: number;
	/** Counts what one event emitted: 0, 1, 2 …; with the position it makes an id that repeats. */
	readonly index: number;
	readonly partition: string;
	readonly stream: string;
	/** What the script calls it: `$>` for links to events, `$@` for links to streams. */
	readonly type: string;
	readonly isJson: boolean;
	/** JSON text; of links `3@order-7`, of links to streams the stream's name. */
	readonly data: string;
	/** JSON text of an object, or undefined. */
	readonly metadata: string | undefined;
};

/** A partition's result after transforms; `undefined` if they dropped it, or the state is null. */
export type Result = {
	readonly event: number;
	readonly partition: string;
	readonly result: string | undefined;
};

export type LogLine = { readonly event: number; readonly text: string };

export type HandedOut = {
	/** Partition → JSON text. What did not change since it was last handed out is not among them. */
	readonly partitions: readonly (readonly [partition: string, state: string])[];
	/** The shared state of a bi-state script, if it changed. */
	readonly shared: string | undefined;
};

/** What one event did, for debuggers. Events that no handler saw have none. */
export type Step = {
	readonly event: number;
	readonly partition: string;
	/** The key in `when` that took the event: a type, `$any`, `$deleted`, or "" where none is. */
	readonly handler: string;
	readonly before: string;
	readonly after: string;
	readonly sharedBefore: string | undefined;
	readonly sharedAfter: string | undefined;
	readonly result: string | undefined;
};

/** What the sandbox holds for one script. */
export type Held = {
	readonly partitions: number;
	/** What the engine has allocated for the script, its states included. */
	readonly heapBytes: number;
	/** Hand out with the next batch: what was not handed out cannot be dropped. */
	readonly isFull: boolean;
};

export type Look = {
	/** Undefined if the partition is not known, neither here nor to the source of states. */
	readonly state: string | undefined;
	readonly result: string | undefined;
	readonly shared: string | undefined;
	/** A transform failed; the script itself goes on. */
	readonly fault?: Fault;
};

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

export { type Definition, sourceDefinition } from "./definition.ts";
export { type Fault, ScriptFault } from "./fault.ts";
export { LIMITS, type Limits } from "./limits.ts";
export { openScripts } from "./sandbox.ts";
