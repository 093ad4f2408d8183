/** What a subscriber of the hub gets: new entries as a feed, signed with its secret (WebSub 7). */
import { createHash, createHmac } from "node:crypto";
import { encodeFeedAtom } from "../../../feeds/atom/encode.ts";
import type { StreamEntry } from "../../log/log.ts";
import { composeEntry, type Urls } from "../../pages/entry.ts";
import type { Packed } from "../delivering/subject.ts";
import type { Subscriber } from "./subscriber.ts";

export type HubSender = {
	readonly userAgent: string;
	readonly urls: Urls;
	readonly hubUrl: string;
	/** Undefined if the subscriber gave none. */
	readonly secret: string | undefined;
};

export function packFeed(
	{ topic, stream, id }: Pick<Subscriber, "topic" | "stream" | "id">,
	{ userAgent, urls, hubUrl, secret }: HubSender,
	found: readonly StreamEntry[],
): Packed {
	const entries = found.map((entry) => composeEntry(urls, stream, entry)).reverse();
	const feed = {
		id: urls.stream(stream),
		title: stream === "$all" ? "All events" : `Event stream '${stream}'`,
		updated: entries[0]?.updated ?? "",
		author: "EventStore",
		headOfStream: false,
		archive: false,
		links: [
			{ relation: "self", uri: topic },
			{ relation: "hub", uri: hubUrl },
		],
		entries,
	};
	const body = Buffer.from(encodeFeedAtom(feed, "content"));
	const fields = [
		...["User-Agent", userAgent, "Content-Type", "application/atom+xml; charset=utf-8"],
		...["Link", `<${hubUrl}>; rel="hub", <${topic}>; rel="self"`],
	];
	if (secret !== undefined) fields.push("X-Hub-Signature", signatureOf(secret, body));
	const places = found.map(({ event, link }) => (link ?? event).position).join();
	const hash = createHash("sha256").update(`${id} ${places}`).digest("hex");
	return { id: `hub_${hash.slice(0, 24)}`, body, fields: () => fields };
}

/** WebSub 8: of the whole body. SHA-1 is known to all subscribers, and good for nothing new. */
function signatureOf(secret: string, body: Uint8Array): string {
	return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
