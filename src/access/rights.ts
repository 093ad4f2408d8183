/** What a client needs for a request: a right, and the stream whose ACL gives it. */
import { ALL, type StreamName } from "../event.ts";
import { describedStream } from "../retention/window.ts";

/**
 * The rights on streams are the operations of their ACLs: `$r`, `$w`, `$d`, `$mr` and `$mw`, in
 * this order. `policy.ts` says who has the others.
 */
export type Right =
	| "anyone"
	/** To be known, whoever it is. */
	| "authenticated"
	/** To ask about streams that the request names, each of which the handler looks at. */
	| "ask"
	| "read"
	| "write"
	| "delete"
	| "read-metadata"
	| "write-metadata"
	/** To search; the stream that is searched needs `read` besides. */
	| "search"
	/** To erase the content of an event for ever. */
	| "redact"
	/** To read the signed head and the tiles, which tell of every event that it exists. */
	| "prove"
	/** To read the numbers of the server: how much it holds, and how well it works. */
	| "monitor"
	/** To read the whole log, with what metadata hides. */
	| "export"
	/** To write a log with the ids, times and places that its events had elsewhere. */
	| "import"
	/** To run the server: the other operations under `/admin`. */
	| "operate"
	/** To get messages of a subscription, and to answer for them: to be known, and to read. */
	| "consume"
	/** To change users and what they may do. */
	| "administer";

export type Needed = {
	readonly right: Right;
	/** Undefined for a right that is not one on a stream. */
	readonly stream: string | undefined;
};

/** The rights that whoever may read `$all` has. */
const OF_ALL: ReadonlySet<Right> = new Set<Right>(["prove", "monitor"]);

/**
 * The right on a stream that stands for one on its metadata stream; undefined for a right that is
 * not one on a stream. So no client gets around `$mr` and `$mw` by the metadata stream's own URL.
 */
const ON_METADATA: Readonly<Record<Right, Right | undefined>> = {
	anyone: undefined,
	authenticated: undefined,
	ask: undefined,
	read: "read-metadata",
	write: "write-metadata",
	delete: "delete",
	"read-metadata": "read-metadata",
	"write-metadata": "write-metadata",
	redact: "redact",
	search: undefined,
	prove: undefined,
	monitor: undefined,
	export: undefined,
	import: undefined,
	operate: undefined,
	consume: "read-metadata",
	administer: undefined,
};

/**
 * @param right of the request's route
 * @param stream the request's stream, percent-decoded; it need not be a valid name
 */
export function neededFor(
	{ right }: { readonly right: Right },
	{ stream }: { readonly stream: string },
): Needed {
	const onMetadata = ON_METADATA[right];
	if (OF_ALL.has(right)) return { right, stream: ALL };
	if (onMetadata === undefined) return { right, stream: undefined };
	const described = describedStream(stream as StreamName);
	if (described === undefined) return { right, stream };
	return { right: onMetadata, stream: described };
}
