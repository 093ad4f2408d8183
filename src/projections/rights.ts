/** What projections ask of the server about the rights of their authors. */
import type { StreamName } from "../event.ts";
import type { LogReads } from "../log/log.ts";
import type { Author } from "./definition.ts";

export interface Rights {
	/**
	 * What somebody may do, as the server knows it now.
	 * @throws Refusal `projection-unauthorized` if there is no such user any more, or it is disabled
	 */
	of(author: Author): Promise<AuthorRights>;
}

export type AuthorRights = {
	/**
	 * The log as they may read it. Of `$all` and of index streams, entries that they may not read are
	 * left out; other streams refuse.
	 */
	readonly reads: Pick<LogReads, "read">;
	/** @throws Refusal `unauthorized` if they may not write to a stream */
	permitWrite(stream: StreamName): Promise<void>;
};
