/** A restored backup sends with the secrets that its receivers know. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { backUp } from "../../src/backup/backup.ts";
import { restore } from "../../src/backup/restore.ts";
import { newDirectory, removeDirectories, type Server, startServer } from "../cli/varve.ts";
import { type Ask, ask, batch } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { callback } from "../push/callback.ts";
import { type Got, receiver } from "../push/receiver.ts";

afterAll(removeDirectories);

const OPTIONS = ["--push-allow", "127.0.0.1", "--allow-anonymous", "--hub"];
const at = ({ url }: Server, request: Ask) => ask(Number(new URL(url).port), request);
const event = () => [{ eventId: crypto.randomUUID(), eventType: "t", data: 1 }];

test("signatures of before the backup, and of after the restore, are of the same secret", async () => {
	const target = await receiver(() => 200);
	const subscriber = await callback();
	const data = newDirectory();
	let server = await startServer(data, undefined, OPTIONS);
	const json = { "Content-Type": "application/json" };
	const body = JSON.stringify({ url: target.url, stream: "order-1", start: 0, format: "json" });
	const made = await at(server, { method: "PUT", path: "/webhooks/w", headers: json, body });
	const { secret, jwksUri } = made.json as Record<string, string>;
	const form = { "Content-Type": "application/x-www-form-urlencoded" };
	const asked = {
		"hub.mode": "subscribe",
		"hub.topic": `${server.url}/streams/order-1`,
		"hub.callback": subscriber.url,
		"hub.secret": "s3cret",
	};
	const subscription = String(new URLSearchParams(asked));
	await at(server, { method: "POST", path: "/hub", headers: form, body: subscription });
	await until(async () => (await at(server, { path: "/hub" })).text.includes(subscriber.url));
	await at(server, batch("order-1", event()));
	await until(() => target.got.length === 1 && subscriber.feeds.length === 1);
	const keys = (await at(server, { path: new URL(jwksUri as string).pathname })).text;

	const backup = join(newDirectory(), "backup");
	await backUp(data, backup, false);
	await server.stop();
	const restored = join(newDirectory(), "data");
	await restore(backup, restored, { verify: true, sameHistory: false });
	for (const folder of [backup, restored]) {
		const file = join(folder, "push-key");
		expect(readFileSync(file).equals(readFileSync(join(data, "push-key")))).toBe(true);
		expect(statSync(file).mode & 0o777).toBe(0o600);
	}

	server = await startServer(restored, undefined, OPTIONS);
	await at(server, batch("order-1", event()));
	// What was sent before the backup may come again, as its place is not written at once.
	await until(() => {
		const last = target.got.at(-1);
		return last && JSON.parse(last.body).data.version === 1 && subscriber.feeds.length > 1;
	});
	const known = new Webhook(secret as string);
	const [before, after] = [target.got[0], target.got.at(-1)] as [Got, Got];
	for (const { body, headers } of [before, after]) {
		expect(known.verify(body, headers as Record<string, string>)).toBeTruthy();
	}
	expect((await at(server, { path: new URL(jwksUri as string).pathname })).text).toBe(keys);
	const signed = subscriber.feeds.map(({ headers }) => headers["x-hub-signature"]);
	expect(signed.every((one) => String(one).startsWith("sha256="))).toBe(true);
	await server.stop();
	await target.close();
	await subscriber.close();
});
