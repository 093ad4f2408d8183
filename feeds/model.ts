/**
 * A feed, independent of any format: what the codecs encode and decode.
 *
 * URLs are complete. Times are RFC 3339 text in UTC. If a field exists in only one format, its
 * comment says so. `embed` decides how much of an event a document shows.
 */

/** How much of its event an entry shows; the values of `?embed=`. */
export type Embed = "none" | "content" | "rich" | "body" | "pretty" | "tryharder";

export type Link = { readonly relation: string; readonly uri: string };

export type Feed = {
	/** The feed's identity: the URL of the stream, the same on each of its pages. */
	readonly id: string;
	readonly title: string;
	readonly updated: string;
	readonly author: string;
	/** The stream's name; JSON only. */
	readonly streamId?: string;
	/** Whether this page holds the newest entry; JSON only. */
	readonly headOfStream: boolean;
	/** JSON only. */
	readonly selfUrl?: string;
	/** `<last>;<n>` without quotes; JSON only. */
	readonly eTag?: string;
	/** RFC 5005 section 4: this document will never change; `<fh:archive/>` in Atom. */
	readonly archive: boolean;
	readonly links: readonly Link[];
	/** Newest first. */
	readonly entries: readonly Entry[];
};

export type Entry = {
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
	/** True for a link whose target cannot be shown: no level embeds anything of it. */
	readonly unresolved?: boolean;
};

/** The event of an entry. `data` and `metadata` are the bytes as stored. */
export type EntryEvent = {
	readonly eventId: string;
	readonly eventType: string;
	/** Number and stream of the event itself. */
	readonly eventNumber: number;
	readonly streamId: string;
	readonly isJson: boolean;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
	/** Set if its data, and possibly its metadata, was erased. */
	readonly isRedacted?: boolean;
	/**
	 * Its number in the stream that was read; in an index stream, not its number in its own stream.
	 */
	readonly positionEventNumber: number;
	readonly positionStreamId: string;
	/** Its position in the log. */
	readonly position: number;
	/** Set if the entry is a link to the event: the bytes of the link's own metadata. */
	readonly linkMetadata?: Uint8Array;
};

/**
 * An entry as a reader decodes it, with as much of the event as the embed level shows.
 */
export type DecodedEntry = Omit<Entry, "event"> & { readonly event?: Partial<EntryEvent> };
export type DecodedFeed = Omit<Feed, "entries"> & { readonly entries: readonly DecodedEntry[] };
