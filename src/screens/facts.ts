/** What the server says of itself. */
export type Facts = {
	readonly version: string;
	/** Milliseconds since 1970. */
	readonly started: number;
	/** Why nothing can be written, in words for people; undefined as long as it can. */
	readonly stopped: string | undefined;
	/** The key that signed heads are checked with. */
	readonly key: string;
	readonly eventBytesMax: number;
	readonly bodyBytesMax: number;
	/** Where a search ends. */
	readonly searchFoundMax: number;
	readonly searchMs: number;
};
