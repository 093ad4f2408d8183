import type { StreamingType } from "../../../../feeds/formats/feed.ts";
import type { PageRange } from "../../../../feeds/geometry.ts";
import type { StreamName } from "../../../event.ts";
import type { Representation } from "../../request/negotiation.ts";

/** A request for a stream in a streaming format. */
export type StreamingRequest = {
	readonly stream: StreamName;
	/** Of the page that the URL names: the answer's start and its direction. */
	readonly range: PageRange;
	/** Whether the URL is the stream's own: then the answer starts with the first event. */
	readonly isOwnUrl: boolean;
	readonly representation: Representation<StreamingType>;
	/** Of the URL, without its `?`. */
	readonly query: string;
};
