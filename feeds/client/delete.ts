/** Deletes a stream: until the next append, or for ever. */
import type { Answer } from "../exchange/exchange.ts";
import { WriteError } from "../writing/error.ts";
import { send } from "../writing/send.ts";
import {
	expectedHeader,
	type StreamAddress,
	streamUrl,
	type WriteOptions,
	writeSettingsOf,
} from "./options.ts";

export type DeleteOptions = WriteOptions & {
	/** True deletes for ever: the name can never be used again. */
	readonly forEver?: boolean;
};

/**
 * Resolves when the stream is deleted. A delete has no id. So if an answer is lost, the repeat may
 * find the stream deleted; for a delete for ever, that is success.
 * @throws RangeError, TypeError at once, for options that make no sense
 * @throws WriteError
 */
export async function deleteStream(
	address: StreamAddress,
	{ expected, forEver = false }: DeleteOptions = {},
): Promise<void> {
	let faults = 0;
	const counting = {
		...address,
		onRetry: (retry: Parameters<NonNullable<StreamAddress["onRetry"]>>[0]) => {
			faults++;
			address.onRetry?.(retry);
		},
	};
	const settings = writeSettingsOf(counting);
	const headers = { ...expectedHeader(expected), ...(forEver ? { "es-harddelete": "true" } : {}) };
	const url = streamUrl(settings);
	try {
		await send({ method: "DELETE", url, headers, isDone: isDeleted }, settings, address.signal);
	} catch (error) {
		const isGone = error instanceof WriteError && error.failure === "stream-deleted";
		if (!(forEver && faults > 0 && isGone)) throw error;
	}
}

/** The server names the position of the deletion, which nothing on the way knows. */
function isDeleted({ status, headers }: Answer): boolean {
	return status === 204 && headers.get("es-position") !== null;
}
