// Requests of the consumers of a subscription, over connections that stay.
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
export const ADMIN = `Basic ${Buffer.from("admin:changeit").toString("base64")}`;
const DATA = { total: 1234, currency: "EUR", customer: "c-118", lines: [1, 2, 3] };
const BATCH = 1000;

/**
 * @param options its `headers`; a `body`, which makes it a POST; another `method`; `gone`, which
 *   ends it
 * @returns the text of the answer; undefined if it was ended
 */
export function ask(url, path, { headers = {}, body, gone, method } = {}) {
	const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
	const verb = method ?? (body === undefined ? "GET" : "POST");
	const options = { agent, method: verb, headers: { Authorization: ADMIN, ...headers, ...length } };
	return new Promise((resolve, reject) => {
		const failed = (error) => (gone?.aborted ? resolve() : reject(error));
		const sent = request(url + path, { ...options, signal: gone }, (response) => {
			const chunks = [];
			response.on("data", (chunk) => chunks.push(chunk));
			response.on("error", failed);
			response.on("end", () => {
				const text = Buffer.concat(chunks).toString();
				if (response.statusCode < 300) resolve(text);
				else reject(new Error(`${verb} ${path}: ${response.statusCode} ${text}`));
			});
		});
		sent.on("error", failed);
		sent.end(body);
	});
}

/** Follows a stream of lines until `gone` ends it. */
export function listen(url, path, { headers, gone }, onLine) {
	return new Promise((resolve, reject) => {
		const failed = (error) => (gone.aborted ? resolve() : reject(error));
		const options = { agent, headers: { Authorization: ADMIN, ...headers }, signal: gone };
		const sent = request(url + path, options, (response) => {
			let rest = "";
			response.setEncoding("utf8");
			response.on("error", failed);
			response.on("data", (chunk) => {
				const texts = (rest + chunk).split("\n");
				rest = texts.pop();
				for (const text of texts) if (text !== "") onLine(JSON.parse(text));
			});
		});
		sent.on("error", failed);
		sent.end();
	});
}

/** Makes a subscription from the beginning of a stream. */
export function subscribe(url, stream, group, settings = {}) {
	const headers = { "Content-Type": "application/json" };
	const path = `/subscriptions/${stream}/${group}`;
	return ask(url, path, { headers, body: JSON.stringify(settings), method: "PUT" });
}

export async function fill(url, stream, events) {
	const headers = { "Content-Type": "application/vnd.eventstore.events+json" };
	for (let n = 0; n < events; n += BATCH) {
		const part = Array.from({ length: Math.min(BATCH, events - n) }, () => ({
			eventId: randomUUID(),
			eventType: "OrderPlaced",
			data: DATA,
		}));
		await ask(url, `/streams/${stream}`, { headers, body: JSON.stringify(part) });
	}
}
