/** The store as the screens see it, for one visitor. */
import { proveLeaf } from "../../../../../feeds/proof/prove.ts";
import type { Principal } from "../../../../access/principal.ts";
import { neededFor, type Right } from "../../../../access/rights.ts";
import type { Doer } from "../../../../audit/audit.ts";
import { prepareAppend } from "../../../../commands/append.ts";
import { prepareDelete } from "../../../../commands/delete.ts";
import { isRefusal, Refusal } from "../../../../errors.ts";
import { type ExpectedVersion, parseStreamName } from "../../../../event.ts";
import type { LogReads } from "../../../../log/log.ts";
import type { LogTree } from "../../../../log/tree.ts";
import { metadataStream } from "../../../../retention/window.ts";
import type { Deeds, Facts, OfferedDeed, Store } from "../../../../screens.ts";
import { searchedStream } from "../../../../searching/source.ts";
import type { Context } from "../../../context.ts";
import { VERSION } from "../../../version.ts";
import { performRecorded, type Recording, recordingFor, wordOnStream } from "../recording.ts";
import { groupsFor } from "./groups.ts";
import { operationsFor } from "./operations.ts";
import { positionsFor } from "./positions.ts";
import { projectionsFor } from "./projections.ts";
import { recordedHub, recordedWebhooks } from "./pushes.ts";
import { subscriptionsFor } from "./subscriptions.ts";

/** @param doer the same visitor, for the audit */
export function storeFor(context: Context, principal: Principal, doer: Doer): Store {
	const { tree, lists, searches, access } = context;
	const reads = access.readsFor(principal);
	const record = recordingFor(context.audit, doer);
	return {
		...forVisitor(access.readsFor(principal)),
		list: (query) => lists.list(query, access.listsFor(principal)),
		search: async function* (query, msMax) {
			const needed = neededFor({ right: "read" }, { stream: searchedStream(query) });
			await access.permit(principal, needed);
			yield* searches.run(query, reads, msMax);
		},
		proof: async (position) => {
			await access.permit(principal, neededFor({ right: "prove" }, { stream: "" }));
			return proofOf(tree, position);
		},
		facts: () => factsOf(context),
		may: (right, stream) =>
			access.mayNow(principal, neededFor({ right: right as Right }, { stream: stream ?? "" })),
		deeds: deedsFor(context, principal, record),
		operations: operationsFor(context, principal, record),
		subscriptions: subscriptionsFor(context, principal, record),
		positions: positionsFor(context, principal, record),
		projections: projectionsFor(context, principal, record),
		groups: groupsFor(context, principal, record),
		webhooks: recordedWebhooks(context, principal, record),
		get hub() {
			return recordedHub(context, this.may("operate", undefined), record);
		},
	};
}

/**
 * A screen shows more than its own resource: the newest events, the metadata of a stream. What its
 * visitor may not read of that is not there for them; the door has let them in to the rest.
 */
function forVisitor(reads: LogReads): LogReads {
	const orNone =
		<T>(none: T) =>
		(error: unknown): T => {
			if (isRefusal(error, "unauthorized")) return none;
			throw error;
		};
	return {
		read: (range) => reads.read(range).catch(orNone({ last: -1, entries: [] })),
		last: (stream) => reads.last(stream).catch(orNone(-1)),
		locate: (stream, id) => reads.locate(stream, id).catch(orNone(undefined)),
	};
}

async function proofOf(tree: LogTree, position: number): Promise<string> {
	const leaf = await tree.leaf(position);
	if (!leaf) throw new Refusal("tile-not-found", { tile: `entries of ${position}` });
	return proveLeaf({ position, leaf }, await tree.signedHead(), async (tile) => {
		const bytes = await tree.tile(tile);
		if (bytes) return bytes;
		throw new Refusal("tile-not-found", { tile: `${tile.level}/${tile.number}` });
	});
}

function factsOf({ settings, unready, tree, startedMs }: Context): Facts {
	const { eventBytesMax, bodyBytesMax, searchFoundMax, searchMs } = settings;
	return {
		version: VERSION,
		started: startedMs,
		stopped: unready()?.word,
		key: tree.key,
		eventBytesMax,
		bodyBytesMax,
		searchFoundMax,
		searchMs,
	};
}

function deedsFor(
	{ log, settings, access }: Context,
	principal: Principal,
	record: Recording,
): Deeds {
	const need = async (right: Right, stream: string) =>
		access.permit(principal, neededFor({ right }, { stream }));
	const recorded = <T extends object>(perform: () => Promise<T>, what: string, about: string) =>
		performRecorded(perform, async (done, failed) => {
			const isRepeat = done && "repeated" in done && done.repeated === true;
			if (!isRepeat) await record(what, about, failed);
		});
	return {
		async append({ stream, expected, id, type, ...content }: OfferedDeed) {
			const needed = neededFor({ right: "write" }, { stream });
			await access.permit(principal, needed);
			const offered = { eventId: id, eventType: type, ...content };
			const command = prepareAppend(stream, expectedOf(expected), [offered], settings);
			const what = wordOnStream(needed);
			if (what === undefined) return log.append(command);
			return recorded(() => log.append(command), what, needed.stream ?? stream);
		},
		async remove(stream, forEver) {
			await need("delete", stream);
			const deletion = prepareDelete(stream, "any", forEver);
			return performRecorded(
				() => log.delete(deletion),
				(_done, failed) =>
					record("stream-deleted", stream, { ...failed, ...(forEver ? { forEver } : {}) }),
			);
		},
		async describe({ stream, expected, ...event }) {
			await need("write-metadata", stream);
			const to = metadataStream(parseStreamName(stream));
			const offered = { eventId: event.id, eventType: "$metadata", isJson: true };
			const content = { data: event.data, metadata: event.metadata };
			const events = [{ ...offered, ...content }];
			const document = prepareAppend(to, expectedOf(expected), events, settings);
			return recorded(() => log.append(document), "metadata-written", stream);
		},
		async redact(stream, version, metadata) {
			await need("redact", stream);
			await performRecorded(
				() => log.redact({ stream, version, metadata }),
				(_done, failed) => record("event-redacted", stream, { ...failed, event: version }),
			);
		},
	};
}

function expectedOf(last: number | undefined): ExpectedVersion {
	if (last === undefined) return "any";
	return last < 0 ? "no-stream" : last;
}
