/**
 * A feed, independent of any format: what the codecs encode and decode.
 *
 * URLs are complete. Times are RFC 3339 text in UTC. If a field exists in only one format, its
 * comment says so. `embed` decides how much of an event a document shows.
 */

/** How much of its event an entry shows; the values of `?embed=`. */
export type Embed = "none" | "content" | "rich" | "body" | "pretty" | "tryharder";

export type Link = { readonly relation: string; readonly uri: string };

export type Feed = FeedFrame & {
	/** Newest first. */
	readonly entries: readonly Entry[];
};

/** A feed but for its entries. */
export type FeedFrame = FeedHead & FeedHeadJson;

/** The facts of a page that each format shows. */
export type FeedHead = {
	/** The feed's identity: the URL of the stream, the same on each of its pages. */
	readonly id: string;
	readonly title: string;
	readonly updated: string;
	readonly author: string;
	/** RFC 5005 section 4: this document will never change; `<fh:archive/>` in Atom. */
	readonly archive: boolean;
	readonly links: readonly Link[];
};

/** Further facts that JSON shows. */
export type FeedHeadJson = {
	/** The stream's name. */
	readonly streamId?: string;
	/** Whether this page holds the newest entry. */
	readonly headOfStream: boolean;
	readonly selfUrl?: string;
	/** `<last>;<n>` without quotes. */
	readonly eTag?: string;
};

export type Entry = EntryState & {
	readonly title: string;
	/** The URL of the event. */
	readonly id: string;
	readonly updated: string;
	readonly author: string;
	/** The event's type; of a link: `$>`. */
	readonly summary: string;
	readonly links: readonly Link[];
	/** The event; the embed level decides how much of it the document shows. */
	readonly event: EntryEvent;
};

/** What few entries have. */
export type EntryState = {
	/** True for a link whose target cannot be shown: no level embeds anything of it. */
	readonly unresolved?: boolean;
	/** Of a message of a subscription: how often it was given back, or not answered in time. */
	readonly retryCount?: number;
};

/** The event of an entry: the event itself, and its place in the stream that was read. */
export type EntryEvent = FeedEvent & EntryPlace;

/** An event as feeds name its parts. `data` and `metadata` are the bytes as stored. */
export type FeedEvent = {
	readonly eventId: string;
	readonly eventType: string;
	/** Number and stream of the event itself. */
	readonly eventNumber: number;
	readonly streamId: string;
	readonly isJson: boolean;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
	/** Set if its data, and possibly its metadata, was erased, or is hidden and left out. */
	readonly isRedacted?: boolean;
};

/** The place of an entry; in an index stream, or of a link, it is not that of the event. */
export type EntryPlace = {
	readonly positionEventNumber: number;
	readonly positionStreamId: string;
	/** The position in the log. */
	readonly position: number;
	/** Set if the entry is a link to the event: the bytes of the link's own metadata. */
	readonly linkMetadata?: Uint8Array;
};

/** An event as programs read it, line by line or from the reader. */
export type LoggedEvent = EventContent & {
	/** The event's own stream, and its number in it. */
	readonly stream: string;
	readonly version: number;
	/** Its position in the whole log. */
	readonly position: number;
	/** RFC 3339, UTC. */
	readonly created: string;
};

/** The parts of an event that its client sent. */
export type EventContent = {
	readonly id: string;
	readonly type: string;
	readonly isJson: boolean;
	/** The bytes as they were appended. */
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

/** An event as a reader hands it out. */
export type ReadEvent = LoggedEvent & {
	/**
	 * Its number in the stream that is read (for `$all` the position, for `$ce-order` the number in
	 * the category). Keep this number as the reader position, and continue with `from: at + 1`.
	 */
	readonly at: number;
	/** Parses `data`. @throws SyntaxError if it is not JSON */
	json(): unknown;
};

/** An event as the log has it. */
export type StoredEvent = EventContent & {
	readonly stream: string;
	readonly version: number;
	readonly position: number;
	/** Milliseconds since 1970. */
	readonly created: number;
	/** As in `FeedEvent`. */
	readonly isRedacted?: boolean;
};

/** An entry of a stream that was read, for a line. */
export type LinesEntry = {
	/** Its version in that stream; on `$all` its position. */
	readonly version: number;
	readonly event: StoredEvent;
	/** If it is a link to the event that somebody wrote: the link. */
	readonly link?: StoredEvent;
	/** If it is a link whose target cannot be shown: where it points to. */
	readonly unresolved?: { readonly stream: string; readonly version: number };
};

/**
 * An entry as a reader decodes it, with as much of the event as the embed level shows.
 */
export type DecodedEntry = Omit<Entry, "event"> & { readonly event?: Partial<EntryEvent> };
export type DecodedFeed = Omit<Feed, "entries"> & { readonly entries: readonly DecodedEntry[] };
