/** The deeds that take something away, and the request of each as a command for a shell. */
import { randomUUID } from "node:crypto";
import type { StreamName } from "../../src/event.ts";
import { isDeletable } from "../../src/indexes/joins.ts";
import { withTruncateBefore } from "../../src/retention/metadata.ts";
import type { Visit } from "../../src/screens.ts";
import { type Html, html } from "../html.ts";
import { commandPanel, header, quotedWord } from "../parts/curl.ts";
import { streamPath } from "../parts/name.ts";
import { describedIn } from "./stream/described.ts";

export const DEEDS = ["delete", "truncate", "redact"] as const;
export type Deed = (typeof DEEDS)[number];

export type About = {
	readonly stream: StreamName;
	readonly last: number;
	/** Of the event to redact. */
	readonly version: number;
};

/** A longer document is no line to paste. */
const METADATA_MAX = 2048;

export async function curlOf(visit: Visit, deed: Deed, about: About): Promise<Html> {
	const url = visit.base + streamPath(about.stream);
	if (deed === "truncate") return truncation(visit, about);
	if (deed === "redact") {
		const of = { id: "curl", title: "The same with curl" };
		return commandPanel(visit, of, `${url}/${about.version}/data`, "-i", "-X DELETE");
	}
	const soft = { id: "curl", title: "The delete with curl" };
	const hard = { id: "curl-hard", title: "For ever, with curl" };
	return html`${commandPanel(visit, soft, url, "-i", "-X DELETE")}${
		isDeletable(about.stream, true) &&
		commandPanel(visit, hard, url, "-i", "-X DELETE", header("ES-HardDelete: true"))
	}`;
}

/** The whole document, since it takes the place of the one that is there. */
async function truncation(visit: Visit, { stream, last }: About): Promise<Html> {
	const { base, store } = visit;
	const { text } = await describedIn(store, stream);
	const before = text === "" || text.length > METADATA_MAX ? undefined : Buffer.from(text);
	const document = Buffer.from(withTruncateBefore(before, String(last + 1))).toString();
	return commandPanel(
		visit,
		{ id: "curl", title: "The same with curl" },
		`${base}${streamPath(stream, "/metadata")}`,
		"-i",
		header("Content-Type: application/json"),
		header("ES-EventType: $metadata"),
		header(`ES-EventId: ${randomUUID()}`),
		`-d ${quotedWord(document)}`,
	);
}
