/** The positions of readers, kept under names of theirs. */
import { parsePlace, parsePositionName, type ReaderPosition } from "../../../positions/position.ts";
import { type Saver, tagOf } from "../../../positions/positions.ts";
import type { PositionStanding } from "../../../positions/shown.ts";
import { listPositions } from "../../../positions/standing.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { tagCondition } from "../../conditions/tags.ts";
import { baseOf } from "../../request/base.ts";
import { readDocument, textIn } from "../../request/bodies/document.ts";
import { positionUrl } from "../../urls.ts";
import { answerList, jsonAnswer, noContent, permitReader } from "./answer.ts";

type PositionTarget = { readonly id: string; readonly query: string };

/** GET /positions[?offset=&count=]: those in streams that the client may read. */
export function answerPositions(
	exchange: Exchange,
	{ query }: { readonly query: string },
): Promise<Answer> {
	return answerList(
		exchange,
		query,
		(may, part) => listPositions(exchange.context, may, part),
		(standings) => ({ positions: standings.map(shownOf) }),
	);
}

/** GET /positions/{name} */
export async function answerPosition(
	exchange: Exchange,
	{ id, query }: PositionTarget,
): Promise<Answer> {
	const { positions, lags } = exchange.context;
	const write = jsonAnswer(exchange, query);
	const position = await positions.get(parsePositionName(id));
	await permitReader(exchange, position.stream);
	const lag = await lags.of(position.stream, position.at);
	return write(shownOf({ position, lag }), 200, ["ETag", tagOf(position.version)]);
}

/** PUT /positions/{name} */
export async function answerPositionSave(
	exchange: Exchange,
	{ id, query }: PositionTarget,
): Promise<Answer> {
	const { context, req } = exchange;
	const write = jsonAnswer(exchange, query);
	const name = parsePositionName(id);
	const expected = tagCondition(req);
	const base = baseOf(req, context.settings.publicUrl);
	const document = await readDocument(req, context.settings.bodyBytesMax);
	const place = parsePlace(document);
	const log = textIn(document, "log");
	await permitReader(exchange, place.stream);
	const saving = { name, place, log, by: saverOf(exchange), expected };
	const { position, isNew } = await context.positions.save(saving);
	const headers = ["ETag", tagOf(position.version)];
	if (isNew) headers.push("Location", positionUrl(base, name));
	return write(factsOf(position), isNew ? 201 : 200, headers);
}

/** DELETE /positions/{name} */
export async function answerPositionDelete(
	exchange: Exchange,
	{ id }: PositionTarget,
): Promise<Answer> {
	const { positions } = exchange.context;
	const name = parsePositionName(id);
	const { stream } = await positions.get(name);
	await permitReader(exchange, stream);
	await positions.remove(name, saverOf(exchange), tagCondition(exchange.req));
	return noContent();
}

function saverOf({ principal }: Exchange): Saver {
	return { login: principal.name, mayAll: principal.isOperator };
}

function shownOf({ position, lag }: PositionStanding): object {
	return { ...factsOf(position), lagEvents: lag.events, lagSeconds: lag.seconds };
}

function factsOf({ savedMs, version: _, ...facts }: ReaderPosition): object {
	return { ...facts, saved: new Date(savedMs).toISOString() };
}
