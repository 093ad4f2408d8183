// Requests of the consumers of a subscription, over connections that stay.
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
export const ADMIN = `Basic ${Buffer.from("admin:changeit").toString("base64")}`;
const DATA = { total: 1234, currency: "EUR", customer: "c-118", lines: [1, 2, 3] };
const BATCH = 1000;

/** @returns the text of the answer; a body makes it a POST */
export function ask(url, path, headers = {}, body = undefined, method = body ? "POST" : "GET") {
	return new Promise((resolve, reject) => {
		const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
		const options = { agent, method, headers: { Authorization: ADMIN, ...headers, ...length } };
		const sent = request(url + path, options, (response) => {
			const chunks = [];
			response.on("data", (chunk) => chunks.push(chunk));
			response.on("error", reject);
			response.on("end", () => {
				const text = Buffer.concat(chunks).toString();
				if (response.statusCode < 300) resolve(text);
				else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
			});
		});
		sent.on("error", reject);
		sent.end(body);
	});
}

const listening = new Set();

/** Follows a stream of lines, until one says that no more are wanted: by any of the streams. */
export function listen(url, path, headers, onLine) {
	return new Promise((resolve, reject) => {
		const options = { agent, headers: { Authorization: ADMIN, ...headers } };
		const sent = request(url + path, options, (response) => {
			let rest = "";
			const end = () => {
				response.destroy();
				resolve();
			};
			listening.add(end);
			response.setEncoding("utf8");
			response.on("error", () => undefined);
			response.on("data", (chunk) => {
				const texts = (rest + chunk).split("\n");
				rest = texts.pop();
				for (const text of texts) {
					if (text === "" || onLine(JSON.parse(text))) continue;
					for (const one of listening) one();
				}
			});
		});
		sent.on("error", reject);
		sent.end();
	});
}

/** Makes a subscription from the beginning of a stream. */
export function subscribe(url, stream, group, settings = {}) {
	const headers = { "Content-Type": "application/json" };
	const path = `/subscriptions/${stream}/${group}`;
	return ask(url, path, headers, JSON.stringify(settings), "PUT");
}

export async function fill(url, stream, events) {
	const headers = { "Content-Type": "application/vnd.eventstore.events+json" };
	for (let n = 0; n < events; n += BATCH) {
		const part = Array.from({ length: Math.min(BATCH, events - n) }, () => ({
			eventId: randomUUID(),
			eventType: "OrderPlaced",
			data: DATA,
		}));
		await ask(url, `/streams/${stream}`, headers, JSON.stringify(part));
	}
}
