/** What pushes keep in the log: it does not grow for ever, and what has ended leaves nothing. */
import { Refusal } from "../../src/errors.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { NewestByName } from "../../src/push/keeping/newest-by-name.ts";
import { Endings } from "../../src/push/running/endings.ts";
import { PushKey } from "../../src/push/signing/key.ts";
import { type Putting, WebhookDeeds } from "../../src/push/webhooks/deeds.ts";
import { WEBHOOKS } from "../../src/push/webhooks/webhook.ts";
import { Webhooks } from "../../src/push/webhooks/webhooks.ts";
import { batch } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { append, event, name, read, replacing } from "../log/asking.ts";
import { toldTo } from "../observe/told.ts";
import { type Callback, callback } from "./callback.ts";
import { receiver } from "./receiver.ts";

const raise = (error: unknown) => {
	throw error;
};
const creator = { login: "una", token: undefined, scope: undefined };
const PUTTING: Putting = { creator, may: () => undefined, condition: undefined };

function deedsOver(webhooks: Webhooks): WebhookDeeds {
	const key = new PushKey(() => Buffer.from("x".repeat(32)));
	return new WebhookDeeds(webhooks, key, false, async () => 0);
}

function settingsOf(deeds: WebhookDeeds, description: string) {
	return deeds.parse({ url: "https://hook.example/", stream: "order-1", description });
}

describe("the stream of all webhooks", () => {
	test("stays short, and says the same: settings, ETags and times of those that stand", async () => {
		const log = createMemoryLog();
		const webhooks = new Webhooks(log, raise);
		const deeds = deedsOver(webhooks);
		const put = (webhook: string, text: string) =>
			deeds.put(webhook, settingsOf(deeds, text), PUTTING);
		await put("first", "stays");
		await put("gone", "ends");
		const other = new Webhooks(log, raise);
		await other.all();
		await deeds.remove("gone", undefined);
		await put("gone", "again");
		for (let at = 0; at < 1300; at++) await put("busy", `change ${at}`);
		const before = await webhooks.all();
		expect(before.map((one) => one.settings.description)).toEqual([
			"change 1299",
			"stays",
			"again",
		]);
		expect(before[1]).toMatchObject({ version: 0 });
		const shown = await read(log, WEBHOOKS);
		expect(shown.last + 1 - (shown.retention?.first ?? 0)).toBeLessThan(1200);
		// One that reads it now, and one that has read a part that is hidden since, see the same.
		expect(await new Webhooks(log, raise).all()).toEqual(before);
		expect(await other.all()).toEqual(before);
	});

	test("is not shortened by a server that cannot write, and the change stands nevertheless", async () => {
		const log = createMemoryLog();
		const refusing = replacing(log, {
			append: (asked) => {
				if (asked.stream !== `$$${WEBHOOKS}` || asked.expected === "any") return log.append(asked);
				throw new Refusal("disk-full", { path: "/nowhere" });
			},
		});
		const webhooks = new Webhooks(refusing, raise);
		const deeds = deedsOver(webhooks);
		for (let at = 0; at < 1010; at++) {
			await deeds.put("busy", settingsOf(deeds, `change ${at}`), PUTTING);
		}
		expect((await webhooks.get("busy")).settings.description).toBe("change 1009");
		expect(await new Webhooks(log, raise).all()).toEqual(await webhooks.all());
	});

	test("keeps nothing of what is no event of ours", async () => {
		const log = createMemoryLog();
		const taken: string[] = [];
		const kept = new NewestByName(log, name("kept"), {
			take: ({ data }) => {
				taken.push(Buffer.from(data).toString());
				return undefined;
			},
			anew: () => undefined,
		});
		await append(log, "kept", [event({ data: Buffer.from('{"as":{"version":"x"}}') })]);
		await kept.read();
		await kept.shorten();
		expect(taken).toEqual(['{"as":{"version":"x"}}']);
	});
});

test("a put answers with what it wrote, though somebody changes the webhook at once", async () => {
	const log = createMemoryLog();
	const webhooks = new Webhooks(log, raise);
	const deeds = deedsOver(webhooks);
	let later: Promise<unknown> | undefined;
	log.onCommit(({ streams }) => {
		if (streams.has(WEBHOOKS)) later ??= deeds.remove("orders", undefined);
	});
	const { webhook, secret } = await deeds.put("orders", settingsOf(deeds, "mine"), PUTTING);
	expect(webhook).toMatchObject({ version: 0, settings: { description: "mine" } });
	expect(secret?.secret).toMatch(/^whsec_/);
	await later;
	expect(await webhooks.find("orders")).toBeUndefined();
});

test("a stop that the log refuses is told, and written again until it stands", async () => {
	const log = createMemoryLog();
	let isFull = false;
	const full = replacing(log, {
		append: (asked) => {
			if (isFull) throw new Refusal("overloaded", { queue: "q", limit: 1, retryAfterSeconds: 1 });
			return log.append(asked);
		},
	});
	const webhooks = new Webhooks(full, raise);
	const deeds = deedsOver(webhooks);
	const { webhook } = await deeds.put("orders", settingsOf(deeds, ""), PUTTING);
	const told: string[] = [];
	const endings = new Endings(
		toldTo((what) => told.push(String(what))),
		raise,
	);
	isFull = true;
	const end = () =>
		endings.end("orders", async () => void (await deeds.stop(webhook, "it is gone")));
	end();
	end();
	await until(() => told.length > 0);
	expect(told).toEqual(["a push has ended, but that was not written; it is tried again"]);
	expect((await webhooks.get("orders")).state.is).toBe("active");
	isFull = false;
	await until(async () => (await webhooks.get("orders")).state.is === "stopped");
	// What was set since is about another target.
	await deeds.resume("orders");
	expect(await deeds.stop(webhook, "it is gone")).toBe(false);
	expect((await webhooks.get("orders")).state.is).toBe("active");
	await endings.close();
});

describe("what has ended", () => {
	let servers: Servers;
	let to: Callback;
	beforeAll(async () => {
		to = await callback();
		servers = await startServers({ hub: true, pushAllow: "127.0.0.1" });
	});
	afterAll(async () => {
		await servers.close();
		await to.close();
	});

	const streamsOf = async (prefix: string) => {
		const names = await servers.log.names({ from: "$p", before: "$q", limit: 1000 });
		return names.filter((one) => one.includes(prefix));
	};
	const lastsOf = async (prefix: string) =>
		Promise.all((await streamsOf(prefix)).map((one) => servers.log.last(one)));
	const tell = (stream: string) =>
		servers.ask(batch(stream, [{ eventId: crypto.randomUUID(), eventType: "t", data: 1 }]));

	test("shows no stream any more: of a webhook its place, what it parked and tried", async () => {
		const target = await receiver(() => 500);
		const body = { url: target.url, stream: "order-1", start: 0, tries: 1 };
		const path = "/webhooks/orders";
		const headers = { "Content-Type": "application/json" };
		await servers.ask({ method: "PUT", path, headers, body: JSON.stringify(body) });
		await tell("order-1");
		await until(async () => (await lastsOf("webhook-orders")).length >= 3);
		expect(await lastsOf("webhook-orders")).toEqual([0, 0, 0]);
		await servers.ask({ method: "DELETE", path });
		await until(async () => (await lastsOf("webhook-orders")).every((last) => last === -1));
		await target.close();
	});

	test("and of a subscriber of the hub, also if the server ended in between", async () => {
		const form = String(
			new URLSearchParams({
				"hub.mode": "subscribe",
				"hub.topic": `${servers.url}/streams/news-1`,
				"hub.callback": to.url,
			}),
		);
		const headers = { "Content-Type": "application/x-www-form-urlencoded" };
		await servers.ask({ method: "POST", path: "/hub", headers, body: form });
		await until(() => servers.server.context.pushes.hub?.subscribers.length === 1);
		to.status = 500;
		await tell("news-1");
		await until(async () => (await lastsOf("$push-hub-")).length === 1);
		const [known] = servers.server.context.pushes.hub?.subscribers ?? [];
		// As if it had ended right after it wrote that.
		const { id, topic, callback: url } = known as NonNullable<typeof known>;
		const ended = { topic, callback: url, id, stream: "news-1", reason: "test" };
		const data = Buffer.from(JSON.stringify(ended));
		await append(servers.log, "$push-hub", [event({ type: "$HubEnded", data })]);
		servers = await servers.restart();
		await until(async () => (await lastsOf(`hub-${id}`)).every((last) => last === -1));
		expect(servers.server.context.pushes.hub?.subscribers).toEqual([]);
	});
});
