/**
 * The errors of codecs for documents that they cannot read. Both say what is wrong and where;
 * neither knows HTTP. A codec never guesses: a wrong reading of an event stays wrong for ever.
 */

/** A document that is not a feed, or not an entry. */
export class FeedFormatError extends Error {
	constructor(message: string, cause?: unknown) {
		super(message, cause === undefined ? undefined : { cause });
		this.name = "FeedFormatError";
	}
}

export type BodyFault = {
	readonly reason: string;
	/**
	 * From 1; `column` counts characters, not bytes. Set for every syntax error, with `byteOffset`.
	 */
	readonly line?: number;
	readonly column?: number;
	/** From 0, into the body as it was sent. */
	readonly byteOffset?: number;
	/** From 0: the event of the batch that is at fault. */
	readonly index?: number;
};

/**
 * A body that does not hold the events it should. If `byteOffset` is set, it is not even JSON.
 */
export class BodyFormatError extends Error {
	readonly reason: string;
	readonly line?: number;
	readonly column?: number;
	readonly byteOffset?: number;
	readonly index?: number;

	constructor(fault: BodyFault) {
		super(`${fault.reason}${place(fault)}`);
		this.name = "BodyFormatError";
		this.reason = fault.reason;
		if (fault.line !== undefined) this.line = fault.line;
		if (fault.column !== undefined) this.column = fault.column;
		if (fault.byteOffset !== undefined) this.byteOffset = fault.byteOffset;
		if (fault.index !== undefined) this.index = fault.index;
	}
}

function place({ line, column, index }: BodyFault): string {
	if (line !== undefined) return ` (line ${line}, column ${column})`;
	return index === undefined ? "" : ` (event ${index})`;
}
