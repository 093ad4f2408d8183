/** The WebSub hub: requests of subscribers; for operators, who they are, and the end of one. */
import { neededFor } from "../../../access/rights.ts";
import { Refusal } from "../../../errors.ts";
import { parseStreamName, type StreamName } from "../../../event.ts";
import type { Hub } from "../../../push/hub/hub.ts";
import { parseHubRequest } from "../../../push/hub/request.ts";
import { hubFor, REASON, type ShownHub } from "../../../push/hub/shown.ts";
import { creatorOf } from "../../../push/webhooks/creator.ts";
import { isOfPushes } from "../../../push/webhooks/settings.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { baseOf } from "../../request/base.ts";
import { readBody } from "../../request/body.ts";
import { attemptJson, subscriberJson } from "./document.ts";
import { answerJson, partIn, refuseOtherTypes } from "./request.ts";

/** `id` is "" for all subscribers. */
type HubTarget = { readonly id: string; readonly query: string };

const FORM = "application/x-www-form-urlencoded";
const BYTES_MAX = 32 * 1024;

/** POST /hub: 202 says that the callback will be asked. */
export async function answerHub(exchange: Exchange): Promise<Answer> {
	const { req, context, principal } = exchange;
	const hub = hubOf(exchange);
	const contentType = req.headers["content-type"] ?? "";
	if (contentType.split(";")[0]?.trim().toLowerCase() !== FORM) {
		const available = [FORM];
		const shown = contentType.slice(0, 256);
		throw new Refusal("unsupported-media-type", { contentType: shown, available });
	}
	const form = new URLSearchParams((await readBody(req, BYTES_MAX)).toString());
	const asked = parseHubRequest(form, context.pushes.mayBePlain);
	const base = baseOf(req, context.settings.publicUrl);
	const stream = streamOf(asked.topic, base);
	await context.access.permit(principal, neededFor({ right: "read" }, { stream }));
	const creator = creatorOf(principal);
	if (creator === undefined) throw new Refusal("unauthorized", { cause: "denied" });
	hub.ask({ ...asked, stream, creator });
	return answerJson({ accepted: true }, 202);
}

/** GET /hub[?offset=&count=]: who subscribes to what, and how each stands. */
export async function answerSubscribers(exchange: Exchange, { query }: HubTarget): Promise<Answer> {
	refuseOtherTypes(exchange, query);
	const { total, standings } = await shownTo(exchange).list(partIn(query));
	return answerJson({ total, subscribers: standings.map(subscriberJson) });
}

/** GET /hub/{id} */
export async function answerSubscriber(
	exchange: Exchange,
	{ id, query }: HubTarget,
): Promise<Answer> {
	refuseOtherTypes(exchange, query);
	const { standing, attempts } = await shownTo(exchange).one(id);
	return answerJson({ ...subscriberJson(standing), attempts: attempts.map(attemptJson) });
}

/** DELETE /hub/{id}[?reason=]: its callback is told so. */
export async function answerDenial(exchange: Exchange, { id, query }: HubTarget): Promise<Answer> {
	refuseOtherTypes(exchange, query);
	const reason = new URLSearchParams(query).get("reason") ?? "";
	if (!REASON.test(reason)) {
		const value = reason.slice(0, 64);
		const wanted = "It takes at most 200 characters, on one line.";
		throw new Refusal("malformed-query", { parameter: "reason", value, reason: wanted });
	}
	await shownTo(exchange).deny(id, reason);
	return answerJson({ id, ended: true });
}

function shownTo({ context, principal }: Exchange): ShownHub {
	const { hub, places } = context.pushes;
	return hubFor(hub, places, principal.isOperator);
}

/** @throws Refusal `route-not-found` if the server is no hub */
function hubOf({ context, req }: Exchange): Hub {
	const { hub } = context.pushes;
	if (hub === undefined) throw new Refusal("route-not-found", { path: req.url ?? "" });
	return hub;
}

/**
 * The stream whose feed a topic is: the URL of its newest page, which names the hub.
 * @throws Refusal `invalid-hub-request`, `invalid-stream-name`
 */
function streamOf(topic: string, base: string): StreamName {
	const prefix = `${base}/streams/`;
	const segment = topic.startsWith(prefix) ? topic.slice(prefix.length) : "";
	const invalid = (reason: string) =>
		new Refusal("invalid-hub-request", { parameter: "hub.topic", reason });
	if (segment === "" || /[/?#]/.test(segment)) {
		throw invalid(`it must be a feed of this server such as ${base}/streams/order-42`);
	}
	let name: string;
	try {
		name = decodeURIComponent(segment);
	} catch {
		throw invalid("its percent-encoding is broken");
	}
	const stream = parseStreamName(name);
	if (isOfPushes(stream)) throw invalid("the server writes to this stream whenever it sends");
	return stream;
}
