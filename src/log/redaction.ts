/**
 * Which events may be redacted: a pure decision, so that all engines refuse the same.
 *
 * What the log itself, or a reader of it, goes by has no content to spare: a tombstone, metadata of
 * a stream, a link. All of them have a type that begins with `$`. An event is redacted where it
 * stands; a list of links is the wrong place to ask, since it is not the link that would change.
 */
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import { LINK_TYPE } from "../indexes/links.ts";
import { describedStream } from "../retention/window.ts";

type Redactable = {
	readonly stream: StreamName;
	readonly version: Version;
	/** The last version of the stream; -1 where it has no events. */
	readonly last: Version;
	/** Of the event; undefined where there is none at that version. */
	readonly type: string | undefined;
};

/** @throws Refusal `event-not-redactable`, `stream-not-found`, `event-not-found` */
export function checkRedactable({ stream, version, last, type }: Redactable): void {
	const refuse = (reason: string) => {
		throw new Refusal("event-not-redactable", { stream, eventNumber: version, reason });
	};
	if (stream === ALL || isIndexStream(stream)) {
		refuse("this stream lists events of other streams; redact the event in its own stream");
	}
	if (describedStream(stream) !== undefined)
		refuse("the server relies on the metadata of a stream");
	if (last < 0) throw new Refusal("stream-not-found", { stream });
	if (type === undefined) throw new Refusal("event-not-found", { stream, eventNumber: version });
	if (type === LINK_TYPE)
		refuse("it is a link; redact the event that it leads to, in that event's own stream");
	if (type.startsWith("$")) refuse(`the server relies on events of type ${type}`);
}
