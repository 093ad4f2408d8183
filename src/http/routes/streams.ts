/** The routes of streams: append, read, list, search. */
import { ALL } from "../../event.ts";
import { hasAsOf } from "../../pages/as-of/query.ts";
import type { Answer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { answerAppend, answerIncoming } from "../handlers/append.ts";
import { answerRedact } from "../handlers/erasure/redact.ts";
import { answerEvent } from "../handlers/event.ts";
import { answerMoment } from "../handlers/moment.ts";
import { answerStreamAsOf } from "../handlers/pages/as-of.ts";
import { answerFiltered } from "../handlers/pages/filtered.ts";
import { pageNamedIncoming } from "../handlers/pages/incoming.ts";
import { answerPage } from "../handlers/pages/page.ts";
import { answerQuestion } from "../handlers/projections/question.ts";
import { answerSearch } from "../handlers/search.ts";
import { answerDelete } from "../handlers/streams/delete.ts";
import { answerList } from "../handlers/streams/list.ts";
import {
	answerMetadata,
	answerMetadataAppend,
	answerMetadataPage,
} from "../handlers/streams/metadata.ts";
import { answerSlash } from "../handlers/streams/slash.ts";
import type { RouteHandler, RouteRow, Target } from "./route.ts";

/** The stream of one run of scavenge. */
const SCAVENGE = "$scavenges-:id";
const HEAD = { from: "head", direction: "backward", count: "20" } as const;
type Direction = "forward" | "backward";

// biome-ignore format: a table is read by its columns
export const STREAM_ROUTES: readonly RouteRow[] = [
	["GET", "/search", "search", "cold", answerSearch],
	["POST", "/search", "authenticated", "cold", answerQuestion],
	["GET", "/streams", "read", "cold", answerList, "$streams"],
	["GET", "/streams/:stream", "read", "hot", head],
	["POST", "/streams/:stream", "write", "hot", answerAppend],
	["DELETE", "/streams/:stream", "delete", "cold", answerDelete],
	["POST", "/streams/:stream/", "anyone", "cold", answerSlash],
	["DELETE", "/streams/:stream/", "anyone", "cold", answerSlash],
	["GET", "/streams/:stream/", "anyone", "cold", answerSlash],
	["POST", "/streams/:stream/metadata/", "anyone", "cold", answerSlash],
	["GET", "/streams/:stream/metadata/", "anyone", "cold", answerSlash],
	["GET", "/streams/:stream/metadata", "read-metadata", "cold", metadataAt],
	["POST", "/streams/:stream/metadata", "write-metadata", "cold", answerMetadataAppend],
	["GET", "/streams/:stream/metadata/:from", "read-metadata", "cold", metadataAt],
	["GET", "/streams/:stream/metadata/:from/:count", "read-metadata", "cold", metadataPage("backward")],
	["GET", "/streams/:stream/metadata/:from/forward/:count", "read-metadata", "cold", metadataPage("forward")],
	["GET", "/streams/:stream/metadata/:from/backward/:count", "read-metadata", "cold", metadataPage("backward")],
	// The contract's routes overlap here: a GET is a page whose number is `incoming`, and refused as
	// one.
	["GET", "/streams/:stream/incoming/:id", "read", "cold", pageNamedIncoming],
	["POST", "/streams/:stream/incoming/:id", "write", "cold", answerIncoming],
	// `$all` as it is written, in each of its two spellings.
	["GET", "/streams/$all/filtered", "read", "cold", filteredHead, ALL],
	["GET", "/streams/%24all/filtered", "read", "cold", filteredHead, ALL],
	["GET", "/streams/:stream/:from", "read", "cold", event],
	// Before the route that would take `at` for a number.
	["GET", "/streams/:stream/at/:time", "read", "cold", answerMoment],
	// Before the route that would take `data` for a count.
	["DELETE", "/streams/:stream/:from/data", "redact", "cold", answerRedact],
	["GET", "/streams/:stream/:from/:count", "read", "cold", page("backward")],
	["GET", "/streams/:stream/:from/forward/:count", "read", "hot", page("forward")],
	["GET", "/streams/:stream/:from/backward/:count", "read", "hot", page("backward")],
	["GET", "/streams/$all/filtered/:from/:count", "read", "cold", filteredPage("backward"), ALL],
	["GET", "/streams/%24all/filtered/:from/:count", "read", "cold", filteredPage("backward"), ALL],
	["GET", "/streams/$all/filtered/:from/forward/:count", "read", "cold", filteredPage("forward"), ALL],
	["GET", "/streams/%24all/filtered/:from/forward/:count", "read", "cold", filteredPage("forward"), ALL],
	["GET", "/streams/$all/filtered/:from/backward/:count", "read", "cold", filteredPage("backward"), ALL],
	["GET", "/streams/%24all/filtered/:from/backward/:count", "read", "cold", filteredPage("backward"), ALL],
	// A page of one run of scavenge, under the name of the list of runs (contract 10.1). It stands
	// behind the routes of pages, whose direction it would take for a number.
	["GET", "/streams/$scavenges/:id/:from/:count", "read", "cold", page("backward"), SCAVENGE],
	["GET", "/streams/%24scavenges/:id/:from/:count", "read", "cold", page("backward"), SCAVENGE],
];

function head(exchange: Exchange, { stream, query }: Target): ReturnType<RouteHandler> {
	if (hasAsOf(query)) return answerStreamAsOf(exchange, { stream, query });
	return answerPage(exchange, { ...HEAD, isOwnUrl: true, stream, query });
}

function page(direction: Direction): RouteHandler {
	return (exchange, { stream, from, count, query }) =>
		answerPage(exchange, { stream, from, direction, count, query });
}

function event(exchange: Exchange, { stream, from, query }: Target): ReturnType<RouteHandler> {
	return answerEvent(exchange, { stream, at: from, query });
}

function metadataAt(exchange: Exchange, { stream, from, query }: Target): Promise<Answer> {
	return answerMetadata(exchange, { stream, at: from || "head", query });
}

function metadataPage(direction: Direction): RouteHandler {
	return (exchange, { stream, from, count, query }) =>
		answerMetadataPage(exchange, { stream, from, direction, count, query });
}

function filteredHead(exchange: Exchange, { query }: Target): ReturnType<RouteHandler> {
	return answerFiltered(exchange, { ...HEAD, query });
}

function filteredPage(direction: Direction): RouteHandler {
	return (exchange, { from, count, query }) =>
		answerFiltered(exchange, { from, direction, count, query });
}
