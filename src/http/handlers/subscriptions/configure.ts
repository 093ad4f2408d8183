/** Subscriptions are made, changed, deleted and loaded anew (contract 7.2, 7.3 and 7.8). */
import { parseSettings, parseStart, type Settings } from "../../../subscriptions/settings.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { type Document, readDocument } from "../../request/bodies/document.ts";
import { subscriptionLocation } from "../../urls.ts";
import { answerStructured } from "../accounts/structured.ts";
import { baseFor, type NamedTarget, nameOf, structuredType, success } from "./request.ts";

/** PUT /subscriptions/{stream}/{group} */
export async function answerCreate(exchange: Exchange, target: NamedTarget): Promise<Answer> {
	const type = structuredType(exchange, target.query);
	const name = nameOf(target);
	const location = subscriptionLocation(baseFor(exchange), name);
	await exchange.context.subscriptions.create(name, await readSettings(exchange));
	return success(type, 201, ["Location", location]);
}

/** POST /subscriptions/{stream}/{group} */
export async function answerUpdate(exchange: Exchange, target: NamedTarget): Promise<Answer> {
	const type = structuredType(exchange, target.query);
	const name = nameOf(target);
	const location = subscriptionLocation(baseFor(exchange), name);
	await exchange.context.subscriptions.update(name, await readSettings(exchange));
	return success(type, 200, ["Location", location]);
}

/** POST …/reset: it goes on at another number. */
export async function answerReset(exchange: Exchange, target: NamedTarget): Promise<Answer> {
	const type = structuredType(exchange, target.query);
	const { context, req } = exchange;
	const name = nameOf(target);
	const members = typedMembers(exchange, await readDocument(req, context.settings.bodyBytesMax));
	await context.subscriptions.reset(name, parseStart(new Map(members)));
	return success(type, 200);
}

/** DELETE /subscriptions/{stream}/{group} */
export async function answerSubscriptionDelete(
	exchange: Exchange,
	target: NamedTarget,
): Promise<Answer> {
	const type = structuredType(exchange, target.query);
	await exchange.context.subscriptions.delete(nameOf(target));
	return success(type, 200);
}

/** POST /subscriptions/restart */
export async function answerRestart(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const type = structuredType(exchange, query);
	await exchange.context.subscriptions.restart();
	return answerStructured(type, { root: "String", value: "Restarting" });
}

/** No body at all means the defaults, whatever its type. */
async function readSettings(exchange: Exchange): Promise<Settings> {
	const { context, req } = exchange;
	const { "content-length": length, "transfer-encoding": transfer } = req.headers;
	if ((length === undefined || length === "0") && transfer === undefined) return parseSettings({});
	const document = await readDocument(req, context.settings.bodyBytesMax);
	return parseSettings(Object.fromEntries(typedMembers(exchange, document)));
}

function typedMembers({ req }: Exchange, document: Document): [name: string, value: unknown][] {
	const isXml = /xml/i.test(req.headers["content-type"] ?? "");
	return [...document].map(([name, value]) => [name, isXml ? typed(value) : value]);
}

/** Gives the text of an element a type, as XML has none. */
function typed(value: unknown): unknown {
	if (value === "true" || value === "false") return value === "true";
	return typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}
