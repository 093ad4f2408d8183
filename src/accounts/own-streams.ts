/** What the server writes about accounts: events of its own, in streams that only admins read. */
import { randomUUID } from "node:crypto";
import type { ExpectedVersion, StreamName } from "../event.ts";
import type { Appended, Log } from "../log/log.ts";
import { metadataStream } from "../retention/window.ts";

export type OwnEvent = { readonly type: string; readonly data: Uint8Array };

const METADATA_TYPE = "$metadata";
const NOTHING = new Uint8Array(0);
const ADMINS = "$admins";
/** Also where `$settings` opens the other system streams. */
const ADMINS_ALONE = { $r: ADMINS, $w: ADMINS, $d: ADMINS, $mr: ADMINS, $mw: ADMINS };

/** @throws Refusal as `Log.append` */
export function appendOwn(
	log: Log,
	stream: StreamName,
	{ type, data }: OwnEvent,
	expected: ExpectedVersion = "any",
): Promise<Appended> {
	const isJson = type !== "$User";
	const event = { id: randomUUID(), type, isJson, data, metadata: NOTHING };
	return log.append({ stream, expected, events: [event] });
}

/**
 * Closes a stream to all but admins, unless it has metadata.
 * @param rules further ones, such as `$maxAge`
 */
export async function closeStream(log: Log, stream: StreamName, rules: object = {}): Promise<void> {
	const metadata = metadataStream(stream);
	if ((await log.last(metadata)) >= 0) return;
	const data = Buffer.from(JSON.stringify({ ...rules, $acl: ADMINS_ALONE }));
	await appendOwn(log, metadata, { type: METADATA_TYPE, data });
}
