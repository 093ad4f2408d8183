/**
 * The answer of AtomPub to a posted entry: the member as the server has it (RFC 5023 section 9.2).
 */
import { encodeEntryAtom } from "../../../feeds/atom/encode.ts";
import { ENTRY_TYPE } from "../../../feeds/atompub/service.ts";
import { isRefusal } from "../../errors.ts";
import type { StreamName, Version } from "../../event.ts";
import { readEntry } from "../../pages/entry.ts";
import type { Answer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { urlsAt } from "../urls.ts";

/** @param answer the 201 as it is without a body, its content headers last */
export async function withCreatedEntry(
	{ context, principal }: Exchange,
	answer: Answer,
	{ base, stream, version }: { base: string; stream: StreamName; version: Version },
): Promise<Answer> {
	const urls = urlsAt(base, context.log);
	const request = { stream, at: version, resolve: false };
	const single = await readEntry(context.access.readsFor(principal), urls, request).catch(
		orNothing,
	);
	// The event may be hidden already, or its writer may not read; it was written all the same.
	if (single === undefined) return answer;
	const { entry } = single;
	const body = Buffer.from(encodeEntryAtom(entry, "content"));
	const kept = answer.headers.slice(0, answer.headers.indexOf("Content-Type"));
	const about = [
		"Content-Location",
		urls.event(stream, version),
		"Content-Type",
		`${ENTRY_TYPE};charset=utf-8`,
	];
	return { ...answer, headers: [...kept, ...about, "Content-Length", String(body.length)], body };
}

function orNothing(error: unknown): undefined {
	const words = ["event-not-found", "stream-not-found", "unauthorized"] as const;
	if (!words.some((word) => isRefusal(error, word))) throw error;
}
