/** What a script says of itself once its body has run. */

export type Definition = {
	readonly sources: Sources;
	/** The event types it has handlers for; `"all"` if it has `$any`, or no handlers. */
	readonly events: "all" | readonly string[];
	/** `streams`: foreachStream; `custom`: partitionBy. */
	readonly partitions: "none" | "streams" | "custom";
	readonly handlers: Handlers;
	readonly output: Output;
	readonly options: Options;
};

/** Exactly one of them says where events come from. */
export type Sources =
	| { readonly kind: "all" }
	/** Events of all streams of the categories: what `$ce-…` links to, merged by position. */
	| { readonly kind: "categories"; readonly categories: readonly string[] }
	/** Streams, merged by position; may name `$ce-…`, `$et-…` and their like. */
	| { readonly kind: "streams"; readonly streams: readonly string[] };

export type Handlers = {
	readonly init: boolean;
	readonly initShared: boolean;
	readonly created: boolean;
	/** It wants to hear of deleted streams. */
	readonly deleted: boolean;
	readonly any: boolean;
	/** The state is `[partition's, shared]`. */
	readonly isBiState: boolean;
};

export type Output = {
	/** outputState was called, or the script transforms, filters or names its output. */
	readonly producesResults: boolean;
	/** transformBy or filterBy were called. */
	readonly transforms: boolean;
	/** The stream of results, by outputTo or `options({ resultStreamName })`. */
	readonly resultStream: string | undefined;
	/** Of outputTo: `{0}` stands for the partition. */
	readonly partitionResultStream: string | undefined;
};

export type Options = {
	readonly includeLinks: boolean;
	readonly reorderEvents: boolean;
	/** Milliseconds. */
	readonly processingLag: number;
};

/** The definition in the words of the HTTP interface; members that are false or absent left out. */
export function sourceDefinition(definition: Definition): Readonly<Record<string, unknown>> {
	const { sources, events, partitions, handlers, output, options } = definition;
	const categories = sources.kind === "categories" ? sources.categories : [];
	// Several categories are read as the streams of their links.
	const links = categories.map((category) => `$ce-${category}`);
	const members = {
		allStreams: sources.kind === "all",
		categories: categories.length === 1 ? categories : undefined,
		streams: sources.kind === "streams" ? sources.streams : links.length > 1 ? links : undefined,
		allEvents: events === "all",
		events: events === "all" ? undefined : events,
		byStreams: partitions === "streams",
		byCustomPartitions: partitions === "custom",
		definesStateTransform: output.transforms,
		handlesDeletedNotifications: handlers.deleted,
		producesResults: output.producesResults,
		isBiState: handlers.isBiState,
		includeLinksOption: options.includeLinks,
		resultStreamNameOption: output.resultStream,
		partitionResultStreamNamePatternOption: output.partitionResultStream,
		reorderEventsOption: options.reorderEvents,
		processingLagOption: options.processingLag,
	};
	return Object.fromEntries(Object.entries(members).filter(([, value]) => Boolean(value)));
}
