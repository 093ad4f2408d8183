/** /openapi.json says what the server does: nothing less, nothing more, nothing else. */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createConfig, lint } from "@redocly/openapi-core";
import { EVENT_TYPES } from "../../../feeds/formats/event.ts";
import { DESCRIBED_FEED_TYPES, FEED_TYPES } from "../../../feeds/formats/feed.ts";
import { ROUTES } from "../../../src/http/routes.ts";
import { parkedStream, parseSubscriptionName } from "../../../src/subscriptions/names.ts";
import { parseSettings } from "../../../src/subscriptions/settings.ts";
import { type Callback, callback } from "../../push/callback.ts";
import { filesIn } from "../../structure/source.ts";
import { batch, type Reply } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { DOCUMENT, FILE, type Operation, operations, TEXT } from "./document.ts";
import { faults } from "./schema.ts";

/** What the linter warns of, and why it is so all the same. */
const WARNED = new Set([
	// /streams/{stream}/metadata/{from}/{count} and /streams/{stream}/{from}/forward/{count}: the
	// contract's routes overlap, and the one that is written first wins.
	"no-ambiguous-paths",
]);

const ORDER = ["POST", "PUT", "GET", "DELETE"];
const FORM = "application/x-www-form-urlencoded";
/** Where the server is in examples. */
const WRITTEN_BASE = "http://127.0.0.1:2113";
/** They make what the others of their kind need to be there. */
const FIRST = ["createSubscription", "defineGroup", "createProjection"];

let servers: Servers;
let subscriber: Callback;
beforeAll(async () => {
	servers = await startServers({ hub: true, pushAllow: "127.0.0.1" });
	subscriber = await callback();
});
afterAll(async () => {
	await servers.close();
	await subscriber.close();
});

describe("/openapi.json", () => {
	test("is served as the package has it, and answers 304 to who has it", async () => {
		const reply = await servers.ask({ path: "/openapi.json" });
		expect([reply.status, reply.headers["content-type"]]).toEqual([200, "application/json"]);
		expect(reply.text).toBe(TEXT);
		const tag = String(reply.headers.etag);
		const again = await servers.ask({ path: "/openapi.json", headers: { "If-None-Match": tag } });
		expect([again.status, again.text, again.headers.etag]).toEqual([304, "", tag]);
	});

	test("has nothing a linter would turn down", async () => {
		const config = await createConfig({ extends: ["recommended"] });
		const problems = await lint({ ref: FILE, config });
		const unexpected = problems.filter(
			({ severity, ruleId }) => severity !== "warn" || !WARNED.has(ruleId),
		);
		expect(
			unexpected.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
		).toEqual([]);
	});

	test("is of the package's version", () => {
		const manifest = JSON.parse(readFileSync(FILE.replace("openapi.json", "package.json"), "utf8"));
		expect(DOCUMENT.info.version).toBe(manifest.version);
	});

	test("has every route with its methods, and no other", () => {
		// A slash at the end is a redirect that the introduction tells of; `%24` is `$`.
		const documented = ROUTES.filter(({ path }) => path === "/" || !path.endsWith("/")).filter(
			// The admin UI's own: no program asks for them.
			({ path }) => !/^\/(?:ui|web|login|logout)(?:\/|$)/.test(path),
		);
		const served = documented.map(
			({ method, path }) => `${method} ${path.replace("%24", "$").replace("/*", "/:")}`,
		);
		const written = operations().map(
			({ method, path }) => `${method} ${path.replace(/\{(\w+)\}/g, ":$1")}`,
		);
		// Only appended to. A generated client would get a method that always fails.
		const useless = "GET /streams/:stream/incoming/:id";
		expect(served).toContain(useless);
		const useful = new Set(served.filter((one) => one !== useless));
		expect(written.sort()).toEqual([...useful].sort());
	});

	test("has every word a request can be refused with", () => {
		const [requests = ""] = source("src/errors.ts").split("export type StartRefusals");
		const words = [...requests.matchAll(/^\t"?([a-z-]+)"?: /gm)].map(([, word]) => word);
		expect(DOCUMENT.components.schemas.Problem.properties.type.enum).toEqual(
			[...words, "internal-error"].map((word) => `urn:varve:problem:${word}`),
		);
	});

	test("has every header of the contract that the server reads, under both names", () => {
		const read = filesIn("src/http").flatMap((path) =>
			[...source(path).matchAll(/(?:header|flag)\((?:exchange\.)?req, "([a-z]+)"/g)].map(
				([, name]) => name,
			),
		);
		const written = operations().flatMap(({ parameters }) =>
			parameters.filter((one) => one.in === "header").map(({ name }) => name.toLowerCase()),
		);
		const expected = read.flatMap((name) => [`es-${name}`, `kurrent-${name}`]);
		const ours = written.filter((name) => /^(es|kurrent)-/.test(name));
		expect([...new Set(ours)].sort()).toEqual([...new Set(expected)].sort());
	});
});

describe("each operation", () => {
	// What the words of a refusal mean is the same everywhere, and checked at one resource.
	test.each([
		["getHead", { Accept: "image/png" }, 406],
		["getHead", { "ES-MinPosition": "x" }, 400],
		["getEvent", { Accept: "image/png" }, 406],
		["getFilteredHead", { Accept: "text/event-stream" }, 406],
		["append", { "ES-ExpectedVersion": "7" }, 400],
		["append", { "Content-Type": "image/png" }, 415],
		["deleteStream", { "ES-ExpectedVersion": "7" }, 400],
		["appendMetadata", { "ES-ExpectedVersion": "7" }, 400],
	] as const)(
		"%s with %j is refused with a body the document knows",
		async (id, headers, status) => {
			await seed();
			const operation = operationOf(id);
			const [type = ""] = Object.keys(operation.body);
			const body =
				type === "" ? undefined : example(operation, type)?.replace(/"\w{8}-/g, '"12345678-');
			const sent = { ...(type === "" ? {} : { "Content-Type": type }), ...headers };
			const reply = await send(operation, sent, body);
			expect([reply.status, faultsOf(operation, reply)]).toEqual([status, []]);
		},
	);

	test.each([
		["getHead", DESCRIBED_FEED_TYPES],
		["getPageForward", FEED_TYPES],
		["getPageBackward", DESCRIBED_FEED_TYPES],
		["getEvent", EVENT_TYPES],
	] as const)("%s can be had as what the document lists", (id, types) => {
		const content = operationOf(id).responses[200]?.content ?? {};
		expect(Object.keys(content).sort()).toEqual(types.map(({ name }) => name).sort());
	});

	test("every operation has an answer for when all goes well", () => {
		const without = operations().filter(
			({ responses }) => !Object.keys(responses).some((status) => /^2/.test(status)),
		);
		expect(without.map(({ operationId }) => operationId)).toEqual([]);
	});

	test.each(FEED_TYPES.map(({ name }) => name))(
		"getMoment, followed, is a page as %s",
		async (accept) => {
			await seed();
			const operation = operationOf("getMoment");
			const { headers } = await send(operation, { Accept: accept });
			const path = new URL(String(headers.location)).pathname;
			const isEndless = accept === "text/event-stream";
			const method = isEndless ? "HEAD" : "GET";
			const reply = await servers.ask({ path, method, headers: { Accept: accept } });
			expect([reply.status, faultsOf(operation, reply)]).toEqual([200, []]);
			expect(reply.headers["content-type"]).toMatch(accept);
			expect(Object.keys(operation.responses[200]?.content ?? {})).toContain(accept);
		},
	);

	test.each(["append", "appendAt"])("%s takes the media types the document lists", async (id) => {
		const operation = operationOf(id);
		const reply = await send(operation, { "Content-Type": "image/png" }, "x");
		expect(reply.status).toBe(415);
		// Entries are told by a parameter of their media type, which the list leaves out.
		const listed = Object.keys(operation.body).filter((type) => !type.includes(";"));
		expect(listed.sort()).toEqual([...(reply.json.available as string[])].sort());
	});

	test.each(exchanges())("%s %s answers %s as %s", async (id, contentType, status, accept) => {
		await seed();
		const operation = operationOf(id);
		const body = example(operation, contentType);
		const reply = await send(
			operation,
			{
				...(contentType === "" ? {} : { "Content-Type": contentType }),
				...(accept === "" ? {} : { Accept: accept }),
			},
			body,
		);
		expect(`${reply.status} ${reply.status < 400 ? "" : reply.text}`).toMatch(`${status} `);
		const type = reply.headers["content-type"]?.split(/;(?!type)/)[0];
		if (contentType === "" && accept !== "") expect(type).toBe(accept);
		expect(faultsOf(operation, reply)).toEqual([]);
	});
});

/**
 * Every media type of every operation, with the first of its statuses: what is read has been
 * written before. The client here follows no redirect.
 */
function exchanges(): [id: string, contentType: string, status: string, accept: string][] {
	const turn = ({ method, operationId }: Operation) =>
		FIRST.includes(operationId) ? -1 : ORDER.indexOf(method);
	const ordered = operations().sort((a, b) => turn(a) - turn(b));
	return ordered.flatMap(({ operationId, body, responses }) => {
		const [status = "", first] =
			Object.entries(responses).find(([one]) => /^30[23]$/.test(one)) ??
			Object.entries(responses)[0] ??
			[];
		const bodies = Object.keys(body);
		if (bodies.length > 0) {
			return bodies.map((type): [string, string, string, string] => [
				operationId,
				type,
				status,
				"",
			]);
		}
		const accepts = Object.keys(first?.content ?? {}).filter((type) => !type.includes("problem"));
		return (accepts.length > 0 ? accepts : [""]).map((accept): [string, string, string, string] => [
			operationId,
			"",
			status,
			accept,
		]);
	});
}

/** Where the answer's body, if it is JSON, or the emptiness of a 201, is not as the document says. */
function faultsOf({ responses, method, path }: Operation, reply: Reply): string[] {
	const type = reply.headers["content-type"]?.split(";")[0] ?? "";
	const content = (responses[reply.status] ?? responses.default)?.content;
	if (reply.status === 201 && reply.text === "") {
		return content?.[type] ? [] : [`${method} ${path} has no empty ${type}`];
	}
	if (!/[/+]json$/.test(type) || reply.text === "") return [];
	const schema = content?.[type]?.schema;
	return schema ? faults(reply.json, schema) : [`${method} ${path} has no ${reply.status} ${type}`];
}

/** What the examples read is what the first example appends. */
function seed(): Promise<Reply> {
	const append = operationOf("append");
	const [type = ""] = Object.keys(append.body);
	return send(append, { "Content-Type": type }, example(append, type));
}

async function send(operation: Operation, headers: object, body?: string): Promise<Reply> {
	const scavengeId = await scavengeFor(operation);
	await prepareVerification(operation);
	await prepareReader(operation);
	await prepareProjection(operation);
	const { accountId, authorization } = await accountFor(operation);
	const uid = await webhookFor(operation);
	const subscriberId = await subscriberFor(operation);
	const { method, parameters } = operation;
	const examples = parameters.filter(({ example }) => example !== undefined);
	const named = Object.fromEntries(
		examples
			.filter((one) => one.in === "header")
			.map(({ name, example }) => [name, String(example)]),
	);
	const query = examples
		.filter((one) => one.in === "query")
		.map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`)
		.join("&");
	const known = operation.path.replace("$scavenges/{id}", `$scavenges/${scavengeId}`);
	const path = known
		.replace("scavenge/{id}", `scavenge/${scavengeId}`)
		.replace("tokens/{id}", `tokens/${accountId}`)
		.replace("varve-webhooks/{id}", `varve-webhooks/${uid}`)
		.replace("hub/{id}", `hub/${subscriberId}`)
		.replace(/\{(\w+)\}/g, (_, name: string) =>
			encodeURIComponent(String(examples.find((one) => one.name === name)?.example)),
		);
	const isEndless = Object.values(headers).includes("text/event-stream");
	return servers.ask({
		path: query === "" ? path : `${path}?${query}`,
		// Server-sent events never end by themselves.
		method: isEndless ? "HEAD" : method,
		headers: { ...named, ...authorization, ...headers },
		...(body === undefined ? {} : { body }),
	});
}

/** The id an operation on scavenges needs: of one that runs, to be stopped, else of one that ran. */
async function scavengeFor({ operationId, path }: Operation): Promise<string> {
	if (!path.includes("scavenge")) return "";
	const { scavenger } = servers;
	await until(() => scavenger.current() === undefined);
	if (operationId === "startScavenge") return "";
	if (!/^stop/.test(operationId)) return scavenger.last()?.id ?? "";
	// More than one step, and a rest of a hundred times as long between them.
	const events = Array.from({ length: 1200 }, () => {
		return { eventId: randomUUID(), eventType: "t", data: 1 };
	});
	await servers.ask(batch("scavenged", events));
	await servers.ask({ path: "/streams/scavenged", method: "DELETE" });
	return scavenger.start({ throttlePercent: 1, noted: {} });
}

/** One runs if it is to be stopped, and none if one is to be started. */
async function prepareVerification({ operationId }: Operation): Promise<void> {
	const { verifications } = servers.server.context.upkeep;
	if (!/^(?:start|stop)Verification$/.test(operationId)) return;
	if (verifications.state().running) await verifications.stop();
	if (operationId === "stopVerification") verifications.start(1);
}

/** A position, a group and a member that are there, so that they are saved, changed and heard. */
async function prepareReader({ path }: Operation): Promise<void> {
	const put = (path: string, body: object) => {
		const headers = { "Content-Type": "application/json" };
		return servers.ask({ method: "PUT", path, headers, body: JSON.stringify(body) });
	};
	if (path.startsWith("/positions/")) {
		await put("/positions/search-index", { stream: "order-42", at: 0 });
	}
	if (!path.startsWith("/groups/")) return;
	await put("/groups/billing", { stream: "order-42", partitions: 4 });
	const id = "5f0c7a52-1a6e-4d0b-8f3e-0c1d2e3f4a61";
	const headers = { "Content-Type": "application/json" };
	await servers.ask({ path: "/groups/billing/members", headers, body: JSON.stringify({ id }) });
}

/** It does not run if it is to be deleted, or to get other settings; it does if it is asked. */
async function prepareProjection({ operationId, method, path }: Operation): Promise<void> {
	const { projections } = servers.server.context;
	if (operationId === "deleteProjection" || operationId === "updateProjectionSettings") {
		await projections.disable("counter", true);
	} else if (method === "GET" && path.startsWith("/projection/"))
		await projections.enable("counter");
}

/** The webhook that an operation on one needs, unless it makes it. @returns the id of its keys */
async function webhookFor({ path, operationId }: Operation): Promise<string> {
	if (!path.includes("webhooks") || operationId === "putWebhook") return "";
	const { deeds } = servers.server.context.pushes;
	const settings = deeds.parse({ url: "https://127.0.0.1:9/hook", stream: "order-42" });
	const creator = { login: "", token: undefined, scope: undefined };
	const put = { creator, may: () => undefined, condition: undefined };
	return (await deeds.put("orders", settings, put)).webhook.uid;
}

/** The subscriber of the hub that an operation on one needs. */
async function subscriberFor({ path }: Operation): Promise<string> {
	if (!path.startsWith("/hub/")) return "";
	const { hub } = servers.server.context.pushes;
	const topic = `${servers.url}/streams/order-42`;
	const asked = { "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": subscriber.url };
	const headers = { "Content-Type": "application/x-www-form-urlencoded" };
	const body = String(new URLSearchParams(asked));
	await servers.ask({ method: "POST", path: "/hub", headers, body });
	await until(() => hub?.subscribers.length === 1);
	return hub?.subscribers[0]?.id ?? "";
}

/** What an operation on accounts needs: somebody who may, and a token, or a user, to be there. */
async function accountFor({ operationId, path }: Operation) {
	const isOwn = operationId === "changePassword";
	const credentials = isOwn ? "una:a good password" : "admin:changeit";
	const basic = `Basic ${Buffer.from(credentials).toString("base64")}`;
	if (!/^\/(?:users|tokens|subscriptions)/.test(path)) return { accountId: "", authorization: {} };
	const authorization = { Authorization: basic };
	const { userChanges, tokenChanges } = servers.server.context.accounts;
	const una = { login: "una", fullName: "Una", groups: [], password: "a good password" };
	if (operationId === "deleteUser") await userChanges.create(una, "");
	if (path.startsWith("/subscriptions")) await subscribe(operationId);
	if (!path.includes("tokens/{id}")) return { accountId: "", authorization };
	const scope = { mayRead: true, mayWrite: false, prefixes: undefined, consumerGroups: undefined };
	const facts = { name: "t", user: "admin", scope, expires: undefined };
	return { accountId: (await tokenChanges.create(facts)).token.id, authorization };
}

/** What an operation on subscriptions needs to be there. */
async function subscribe(operationId: string): Promise<void> {
	const name = parseSubscriptionName("order-42", "billing");
	const { subscriptions } = servers.server.context;
	if (operationId === "deleteSubscription") {
		await subscriptions.create(name, parseSettings({})).catch(() => undefined);
	}
	if (!operationId.startsWith("viewParked")) return;
	const data = Buffer.from("0@order-42");
	const link = { id: randomUUID(), type: "$>", isJson: false, data, metadata: Buffer.alloc(0) };
	const stream = parkedStream(name);
	await servers.log.append({ stream, expected: "any", events: [link] });
}

function example({ body }: Operation, contentType: string): string | undefined {
	const value = body[contentType]?.example;
	if (contentType === FORM) {
		const form = String(new URLSearchParams(value as Record<string, string>));
		return form.replaceAll(encodeURIComponent(WRITTEN_BASE), encodeURIComponent(servers.url));
	}
	return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
}

function operationOf(id: string): Operation {
	const found = operations().find(({ operationId }) => operationId === id);
	if (!found) throw new Error(`no operation ${id}`);
	return found;
}

function source(path: string): string {
	return readFileSync(FILE.replace("openapi.json", path), "utf8");
}
