/** For whoever writes a query: the events that it would get, and what each of them does. */
import { randomUUID } from "node:crypto";
import { Refusal } from "../../../errors.ts";
import { type FeedAsked, feed } from "../../../projections/asking/feed.ts";
import { debug } from "../../../projections/asking/steps.ts";
import type { Definition } from "../../../projections/definition.ts";
import { isJsonObject } from "../../../projections/json.ts";
import { checkQuery } from "../../../projections/running/check.ts";
import { DEFAULTS } from "../../../projections/settings.ts";
import { placeIn } from "../../../projections/source/tags.ts";
import { describeFault } from "../../../projections/status.ts";
import type { Answer } from "../../answering/answer.ts";
import { clientGone, type Exchange } from "../../answering/exchange.ts";
import { readBody } from "../../request/body.ts";
import { readQuery } from "./create.ts";
import {
	answerJson,
	authorOf,
	checkAccept,
	malformed,
	type ProjectionTarget,
	parameter,
	permitLook,
	projectionOf,
} from "./request.ts";
import { countIn } from "./states.ts";

const BODY_BYTES_MAX = 256 * 1024;
const EVENTS_USUAL = 10;
const EVENTS_MAX = 1000;

/** POST /projections/read-events (contract 8.6): the events of a source; nothing is run. */
export async function answerReadEvents(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	checkAccept(exchange, query);
	const asked = askedIn(await readBody(exchange.req, BODY_BYTES_MAX));
	const { own, around } = exchange.context.projections;
	const { reads } = await around.rights.of(authorOf(exchange));
	const { events, readerPosition } = await feed(own, reads, asked);
	return answerJson({ correlationId: randomUUID(), readerPosition, events });
}

/** GET /projection/{name}/steps?from=&count=: what each event does, from a position on. */
export async function answerSteps(exchange: Exchange, target: ProjectionTarget): Promise<Answer> {
	checkAccept(exchange, target.query);
	const projection = await projectionOf(exchange, target);
	await permitLook(exchange, projection);
	return stepsOf(exchange, projection.definition, fromIn(target.query), countIn(target.query));
}

/**
 * POST /projections/steps?from=&count=: the same of a query that is no projection; a count of 0
 * checks it alone.
 */
export async function answerQuerySteps(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	checkAccept(exchange, query);
	const text = await readQuery(exchange);
	// A query that is looked at while it is typed is no mistake yet: its fault is the answer.
	const isCheck = parameter(query, "count") === "0";
	if (!isCheck) await checkQuery(exchange.context.projections.around.scripts, text);
	const settings = { ...DEFAULTS, emitEnabled: true };
	const tried = { name: "", id: randomUUID(), mode: "Transient", query: text, settings } as const;
	const rest = { isEnabled: true, version: 1, epoch: 0, kept: 0, candidate: undefined };
	const definition = { ...tried, ...rest, author: authorOf(exchange) };
	return stepsOf(exchange, definition, fromIn(query), isCheck ? 0 : countIn(query));
}

async function stepsOf(
	exchange: Exchange,
	definition: Definition,
	from: number,
	count: number,
): Promise<Answer> {
	const { own, around } = exchange.context.projections;
	const parts = { own, scripts: around.scripts, rights: around.rights };
	const range = { from, count, asker: authorOf(exchange) };
	const { steps, next, fault } = await debug(parts, definition, range, clientGone(exchange));
	return answerJson({
		steps: steps.map(({ before, after, result, ...step }) => ({
			...step,
			// Of a partition that is new, there is none.
			...(before === "" ? {} : { before: parsed(before) }),
			after: parsed(after),
			...(result === undefined ? {} : { result: parsed(result) }),
		})),
		...(next === undefined ? {} : { next }),
		...(fault === undefined ? {} : { fault: { ...fault, description: describeFault(fault) } }),
	});
}

/** @throws Refusal `malformed-query` */
function fromIn(query: string): number {
	const value = parameter(query, "from") ?? "0";
	if (/^\d{1,15}$/.test(value)) return Number(value);
	throw malformed("from", value, "it takes the position of an event: a whole number.");
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/** @throws Refusal `invalid-projection` */
function askedIn(body: Buffer): FeedAsked {
	const value = bodyIn(body);
	const { query, position, maxEvents = EVENTS_USUAL } = value;
	if (!isJsonObject(query)) throw invalid("query must be the definition of a source.");
	const place = position === undefined ? { next: 0, cursors: {} } : placeIn(position);
	if (place === undefined) throw invalid("position must be a checkpoint tag.");
	if (!Number.isInteger(maxEvents) || (maxEvents as number) < 1) {
		throw invalid("maxEvents must be a whole number from 1.");
	}
	return {
		isAll: query.allStreams === true,
		categories: textsIn(query.categories),
		streams: textsIn(query.streams),
		types: textsIn(query.events),
		hasAny: query.allEvents === true || textsIn(query.events).length === 0,
		includesLinks: query.includeLinksOption === true,
		hearsOfDeletes: false,
		place,
		count: Math.min(maxEvents as number, EVENTS_MAX),
	};
}

function bodyIn(body: Buffer): { readonly [name: string]: unknown } {
	try {
		const value: unknown = JSON.parse(body.toString());
		if (isJsonObject(value)) return value;
	} catch {
		// Said below.
	}
	throw invalid("The body must be a JSON object.");
}

function textsIn(value: unknown): readonly string[] {
	if (!Array.isArray(value)) return [];
	return value.filter((each): each is string => typeof each === "string");
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-projection", { reason });
}
