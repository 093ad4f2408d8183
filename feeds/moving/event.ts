/** An event as a line of an export says it: what reads show, and what a copy needs to be equal. */
export type LineEvent = LineContent & LinePlace & LineRemains;

export type LineContent = {
	readonly stream: string;
	readonly type: string;
	/** A UUID. */
	readonly id: string;
	readonly isJson: boolean;
	/** The bytes that were appended; none of what was erased. */
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

export type LinePlace = {
	readonly position: number;
	readonly version: number;
	/** Milliseconds since 1970. */
	readonly created: number;
	/** The number of the history in which it was written. */
	readonly incarnation: number;
	/** Its leaf hash: see docs/proofs.md. */
	readonly hash: Uint8Array;
};

export type LineRemains = {
	readonly mark?: "tombstone" | "revival" | undefined;
	readonly erased?: "redacted" | "scavenged" | undefined;
	/** SHA-256 of the content, as it was appended; present if some of it was erased. */
	readonly digests?: { readonly data: Uint8Array; readonly metadata: Uint8Array } | undefined;
	/** The id of its correlation, if that went with its metadata. */
	readonly correlation?: string | undefined;
};
