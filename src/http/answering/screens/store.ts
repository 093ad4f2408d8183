/** The store as the screens see it, for one visitor. */
import { proveLeaf } from "../../../../feeds/proof/prove.ts";
import { prepareAppend } from "../../../commands/append.ts";
import { prepareDelete } from "../../../commands/delete.ts";
import { Refusal } from "../../../errors.ts";
import { type ExpectedVersion, parseStreamName } from "../../../event.ts";
import type { LogTree } from "../../../log/tree.ts";
import { metadataStream } from "../../../retention/window.ts";
import type { Deeds, Facts, OfferedDeed, Store } from "../../../screens.ts";
import { searchedStream } from "../../../searching/source.ts";
import type { Context } from "../../context.ts";
import { neededFor, permit, type Right } from "../../rights.ts";
import { VERSION } from "../../version.ts";
import { operationsFor } from "./operations.ts";

/** @param identity of the visitor, in the word of `identityOf` */
export function storeFor(context: Context, identity: string): Store {
	const { log, tree, lists, searches } = context;
	return {
		read: (range) => log.read(range),
		last: (stream) => log.last(stream),
		locate: (stream, id) => log.locate(stream, id),
		list: (query) => lists.list(query),
		search: (query, msMax) => {
			permit(identity, neededFor({ right: "read" }, { stream: searchedStream(query) }));
			return searches.run(query, msMax);
		},
		proof: (position) => proofOf(tree, position),
		facts: () => factsOf(context),
		may: (right, stream) => mayDo(identity, right as Right, stream),
		deeds: deedsFor(context, identity),
		operations: operationsFor(context, identity),
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

function mayDo(identity: string, right: Right, stream = ""): boolean {
	try {
		permit(identity, neededFor({ right }, { stream }));
		return true;
	} catch {
		return false;
	}
}

function deedsFor({ log, settings }: Context, identity: string): Deeds {
	const need = (right: Right, stream: string) => permit(identity, neededFor({ right }, { stream }));
	return {
		async append({ stream, expected, id, type, ...content }: OfferedDeed) {
			need("write", stream);
			const offered = { eventId: id, eventType: type, ...content };
			return log.append(prepareAppend(stream, expectedOf(expected), [offered], settings));
		},
		async remove(stream, forEver) {
			need("delete", stream);
			return log.delete(prepareDelete(stream, "any", forEver));
		},
		async describe({ stream, expected, ...event }) {
			need("write-metadata", stream);
			const to = metadataStream(parseStreamName(stream));
			const offered = { eventId: event.id, eventType: "$metadata", isJson: true };
			const content = { data: event.data, metadata: event.metadata };
			const events = [{ ...offered, ...content }];
			return log.append(prepareAppend(to, expectedOf(expected), events, settings));
		},
		async redact(stream, version, metadata) {
			need("redact", stream);
			await log.redact({ stream, version, metadata });
		},
	};
}

function expectedOf(last: number | undefined): ExpectedVersion {
	if (last === undefined) return "any";
	return last < 0 ? "no-stream" : last;
}
