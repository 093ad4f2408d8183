/**
 * The language of projections, for editors and type checkers. A script has no imports; name this file
 * at its top:
 *
 *     /// <reference types="varve/projections" />
 *
 * docs/projection-scripts.md explains the language.
 */

/** An event as handlers see it. */
export interface ProjectionEvent {
	readonly streamId: string;
	/** The number of the event within its stream. */
	readonly sequenceNumber: number;
	readonly eventType: string;
	/** A UUID. */
	readonly eventId: string;
	/** When it was created: `2026-03-01T12:00:00.000Z`. */
	readonly created: string;
	/** The data, parsed; undefined if it is not JSON. */
	// biome-ignore lint/suspicious/noExplicitAny: what an event holds is known to its writer alone
	readonly body: any;
	/** The same as `body`. */
	// biome-ignore lint/suspicious/noExplicitAny: as above
	readonly data: any;
	/** The data as it was sent. */
	readonly bodyRaw: string;
	readonly isJson: boolean;
	/** The metadata, parsed; undefined if there is none. */
	// biome-ignore lint/suspicious/noExplicitAny: as above
	readonly metadata: any;
	readonly metadataRaw: string;
	/** The metadata of the link through which the event was read, if it was. */
	// biome-ignore lint/suspicious/noExplicitAny: as above
	readonly linkMetadata: any;
	readonly linkMetadataRaw: string | undefined;
	/** The partition whose state the handler gets; "" if there is but one state. */
	readonly partition: string;
	/** What stands before the first dash of the stream's name; "" if there is none. */
	readonly category: string;
}

/**
 * Changes the state it is given, or returns another one. If it returns nothing, the state stays the
 * object that it has changed. A state is JSON: what JSON cannot say of it is gone after the event.
 */
export type Handler<State> = (
	state: State,
	event: ProjectionEvent,
	partition: string,
	isSoft: boolean,
	// biome-ignore lint/suspicious/noConfusingVoidType: a handler need not return anything
) => State | null | undefined | void;

/** Handlers by event type, and some by a name that starts with $. */
export interface Handlers<State> {
	/** The state before the first event; `{}` if it is left out. */
	$init?(): State;
	/** Takes events that have no handler of their own. */
	$any?: Handler<State>;
	/** A partition has its first event. What it returns is ignored. */
	$created?(state: State, event: ProjectionEvent): unknown;
	/** With foreachStream: the stream was deleted. There is no event; what it returns is ignored. */
	$deleted?(
		state: State,
		event: ProjectionEvent | null,
		partition: string,
		isSoft: boolean,
	): unknown;
}

/** Handlers of a projection whose partitions share a state. They return `[state, shared]`. */
export interface SharingHandlers<State, Shared> {
	$init?(): State;
	$initShared(): Shared;
	$any?(state: [state: State, shared: Shared], event: ProjectionEvent): unknown;
	$created?(state: [state: State, shared: Shared], event: ProjectionEvent): unknown;
}

/** What can follow `when`, in any order. */
export interface Outputs {
	/** Makes another result of the state; null and undefined drop it. */
	// biome-ignore lint/suspicious/noExplicitAny: results go through as they are made
	transformBy(by: (state: any) => unknown): Outputs;
	/** Keeps results for which it returns exactly `true`. */
	// biome-ignore lint/suspicious/noExplicitAny: as above
	filterBy(by: (state: any) => boolean): Outputs;
	/** Writes results to a stream. */
	outputState(): Omit<Outputs, "outputState">;
	/** Names the stream of results; in the pattern for partitions, `{0}` is the partition. */
	outputTo(stream: string, partitionPattern?: string): object;
}

export interface Partitioned {
	when<State, Shared>(
		handlers: SharingHandlers<State, Shared> &
			Record<string, (state: [state: State, shared: Shared], event: ProjectionEvent) => unknown>,
	): Outputs;
	// biome-ignore lint/suspicious/noExplicitAny: without $init, nothing says what the state is
	when<State = any>(handlers: Handlers<State> & Record<string, Handler<State>>): Outputs;
}

export interface OneState extends Partitioned {
	/** One state for each text or number that it returns; other events are left out. */
	partitionBy(by: (event: ProjectionEvent) => unknown): Partitioned;
	outputState(): Omit<Outputs, "outputState">;
}

export interface ManyStreams extends OneState {
	/** One state for each stream. */
	foreachStream(): Partitioned;
}

export interface ProjectionOptions {
	readonly $includeLinks?: boolean;
	/** Changes nothing: the events of several streams always come in the order of the log. */
	readonly reorderEvents?: boolean;
	/** Milliseconds; changes nothing either. */
	readonly processingLag?: number;
	readonly resultStreamName?: string;
	readonly biState?: boolean;
}

declare global {
	/** All events of the log that the projection's creator may read. */
	function fromAll(): ManyStreams;
	function fromStream(stream: string): OneState;
	function fromStreams(streams: readonly string[]): OneState;
	function fromStreams(...streams: readonly string[]): OneState;
	/** The events of all streams whose name starts with the category and a dash. */
	function fromCategory(category: string | readonly string[]): ManyStreams;
	function fromCategories(categories: readonly string[]): ManyStreams;
	function fromCategories(...categories: readonly string[]): ManyStreams;
	function options(options: ProjectionOptions): void;

	/** Appends an event, exactly once. Only in handlers of events. */
	function emit(stream: string, type: string, body: object, metadata?: object): void;
	/** Appends a link to an event. */
	function linkTo(
		stream: string,
		event: Pick<ProjectionEvent, "streamId" | "sequenceNumber">,
		metadata?: object,
	): void;
	/** Appends a link to a stream. */
	function linkStreamTo(stream: string, linkedStream: string, metadata?: object): void;
	/** Does nothing; other servers have it. */
	function copyTo(stream: string, event: ProjectionEvent): void;
	/** Writes a line to the projection's log. */
	function log(...values: readonly unknown[]): void;
}
