/** Events as they enter the sandbox: always text, never objects. */

export type ScriptEvent = EventPlace & EventContent;

export type EventPlace = {
	readonly position: number;
	/** The stream the event stands in. Where it was read through a link, that of the target. */
	readonly stream: string;
	readonly number: number;
	readonly type: string;
	readonly id: string;
	/** Milliseconds since 1970, UTC. */
	readonly created: number;
};

export type EventContent = {
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
