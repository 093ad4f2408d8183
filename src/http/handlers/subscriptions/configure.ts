/** Subscriptions are made, changed and deleted (contract 7.2 and 7.3). */
import { XmlFault } from "../../../../feeds/atom/xml.ts";
import { Refusal } from "../../../errors.ts";
import { parseSettings, type Settings } from "../../../subscriptions/settings.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { readBody } from "../../request/body.ts";
import { subscriptionLocation } from "../../urls.ts";
import { baseFor, documentWriter, type NamedTarget, nameOf, success } from "./request.ts";
import { settingsIn } from "./settings-body.ts";

/** PUT /subscriptions/{stream}/{group} */
export async function answerCreate(exchange: Exchange, target: NamedTarget): Promise<Answer> {
	const write = documentWriter(exchange, target.query);
	const name = nameOf(target);
	const settings = await readSettings(exchange);
	await exchange.context.subscriptions.create(name, settings);
	return success(write, 201, ["Location", subscriptionLocation(baseFor(exchange), name)]);
}

/** POST /subscriptions/{stream}/{group} */
export async function answerUpdate(exchange: Exchange, target: NamedTarget): Promise<Answer> {
	const write = documentWriter(exchange, target.query);
	const name = nameOf(target);
	const settings = await readSettings(exchange);
	await exchange.context.subscriptions.update(name, settings);
	return success(write, 200, ["Location", subscriptionLocation(baseFor(exchange), name)]);
}

/** DELETE /subscriptions/{stream}/{group} */
export async function answerDeleteSubscription(
	exchange: Exchange,
	target: NamedTarget,
): Promise<Answer> {
	const write = documentWriter(exchange, target.query);
	await exchange.context.subscriptions.delete(nameOf(target));
	return success(write, 200, []);
}

/** POST /subscriptions/restart: each goes on from its checkpoint. */
export async function answerRestart(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const write = documentWriter(exchange, query);
	await exchange.context.subscriptions.restart();
	return write(200, "String", "Restarting");
}

async function readSettings({ context, req }: Exchange): Promise<Settings> {
	const body = await readBody(req, context.settings.bodyBytesMax);
	return parseSettings(settingsIn(req.headers["content-type"], body));
}
