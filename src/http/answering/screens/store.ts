/** The store as the screens see it, for one visitor. */
import { proveInclusion } from "../../../../feeds/proof/prove.ts";
import type { Principal } from "../../../access/principal.ts";
import { neededFor, type Right } from "../../../access/rights.ts";
import { prepareAppend } from "../../../commands/append.ts";
import { prepareDelete } from "../../../commands/delete.ts";
import { Refusal } from "../../../errors.ts";
import { type ExpectedVersion, parseStreamName } from "../../../event.ts";
import { metadataStream } from "../../../retention/window.ts";
import type { Deeds, Facts, OfferedDeed, Store } from "../../../screens.ts";
import { searchedStream } from "../../../searching/source.ts";
import type { Context } from "../../context.ts";
import { VERSION } from "../../version.ts";

export function storeFor(context: Context, principal: Principal): Store {
	const { tree, lists, searches, access } = context;
	const reads = access.readsFor(principal);
	return {
		read: (range) => reads.read(range),
		last: (stream) => reads.last(stream),
		locate: (stream, id) => reads.locate(stream, id),
		list: (query) => lists.list(query, access.listsFor(principal)),
		search: async function* (query, msMax) {
			const needed = neededFor({ right: "read" }, { stream: searchedStream(query) });
			await access.permit(principal, needed);
			yield* searches.run(query, reads, msMax);
		},
		proof: async (position) => {
			await access.permit(principal, neededFor({ right: "prove" }, { stream: "" }));
			return proveInclusion(position, await tree.signedHead(), async (tile) => {
				const bytes = await tree.tile(tile);
				if (bytes) return bytes;
				throw new Refusal("tile-not-found", { tile: `${tile.level}/${tile.number}` });
			});
		},
		facts: () => factsOf(context),
		may: (right, stream) =>
			access.mayNow(principal, neededFor({ right: right as Right }, { stream: stream ?? "" })),
		deeds: deedsFor(context, principal),
	};
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

function deedsFor({ log, settings, access }: Context, principal: Principal): Deeds {
	const need = async (right: Right, stream: string) =>
		access.permit(principal, neededFor({ right }, { stream }));
	return {
		async append({ stream, expected, id, type, ...content }: OfferedDeed) {
			await need("write", stream);
			const offered = { eventId: id, eventType: type, ...content };
			return log.append(prepareAppend(stream, expectedOf(expected), [offered], settings));
		},
		async remove(stream, forEver) {
			await need("delete", stream);
			return log.delete(prepareDelete(stream, "any", forEver));
		},
		async describe({ stream, expected, ...event }) {
			await need("write-metadata", stream);
			const to = metadataStream(parseStreamName(stream));
			const offered = { eventId: event.id, eventType: "$metadata", isJson: true };
			const content = { data: event.data, metadata: event.metadata };
			const events = [{ ...offered, ...content }];
			return log.append(prepareAppend(to, expectedOf(expected), events, settings));
		},
		async redact(stream, version, metadata) {
			await need("redact", stream);
			await log.redact({ stream, version, metadata });
		},
	};
}

function expectedOf(last: number | undefined): ExpectedVersion {
	if (last === undefined) return "any";
	return last < 0 ? "no-stream" : last;
}
