/**
 * A real browser for the tests of the admin UI, and a store with what a screen has to bear. Without
 * an installed Chromium the tests are skipped, and say so.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { createScreens } from "../../admin/index.ts";
import { EVENTS_JSON } from "../http/ask.ts";
import type { Servers } from "../http/harness.ts";

const CHROMIUM = process.env.VARVE_TEST_CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** `describe`, or a skipped one whose name says what is missing. */
export const describeInBrowser = existsSync(CHROMIUM)
	? describe
	: (name: string, body: () => void) => describe.skip(`${name} (no browser at ${CHROMIUM})`, body);

export const screens = createScreens;

export function launch(): Promise<Browser> {
	return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** A page that notes all that must not happen on it. */
export type Watched = { readonly page: Page; readonly faults: string[] };

/** @param base the only origin that the page may ask */
export async function open(context: BrowserContext, base: string, path: string): Promise<Watched> {
	const page = await context.newPage();
	const faults: string[] = [];
	page.on("console", (message) => {
		// A refused page has its status in the console, as any browser writes it there.
		const isStatus = /Failed to load resource.*(40[0-9]|410|50[0-9])/.test(message.text());
		if (message.type() === "error" && !isStatus) faults.push(message.text());
	});
	page.on("pageerror", (error) => faults.push(error.message));
	page.on("dialog", (dialog) => {
		faults.push(`a dialog: ${dialog.message()}`);
		void dialog.dismiss();
	});
	page.on("request", (request) => {
		if (!request.url().startsWith(base)) faults.push(`a request to ${request.url()}`);
	});
	await page.goto(base + path);
	return { page, faults };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
type AxeResult = { violations: { id: string; nodes: { html: string }[] }[] };

/** What axe-core finds, by rule and element; it is run as a test tool, past the page's policy. */
export async function violations(page: Page): Promise<string[]> {
	const session = await page.context().newCDPSession(page);
	await session.send("Runtime.evaluate", { expression: AXE });
	const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
	const options = JSON.stringify({ resultTypes: ["violations"], runOnly: rules });
	const run = `axe.run(document, ${options})`;
	const { result } = await session.send("Runtime.evaluate", {
		expression: `${run}.then((found) => JSON.stringify(found))`,
		awaitPromise: true,
	});
	await session.detach();
	const { violations: found } = JSON.parse(String(result.value)) as AxeResult;
	return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120))[0]}`);
}

export const HOSTILE = {
	stream: "<b>bold</b>-1",
	turned: "order-\u202etxt.exe",
	quoted: ' " onmouseover="alert(1)',
	type: '"><svg onload=alert(1)>',
	long: `${"long-name/".repeat(100)}last-piece`,
} as const;

/** Appends what the screens have to bear, and a story of orders to look at. */
export async function fill(servers: Servers): Promise<void> {
	for (let order = 1; order <= 30; order++) await placeOrder(servers, order);
	const data = {
		html: "<script>alert(1)</script></pre><img src=x onerror=alert(1)>",
		"<img src=x onerror=alert(1)>": "\u202egnp.exe",
		url: "javascript:alert(1)",
		nul: "a\u0000b",
		exact: 1,
	};
	const text = JSON.stringify(data).replace('"exact":1', '"exact":1.10,"exact":1e400');
	await post(servers, HOSTILE.stream, [{ eventType: HOSTILE.type, raw: text }]);
	for (const stream of [HOSTILE.turned, HOSTILE.quoted, HOSTILE.long]) {
		await post(servers, stream, [{ eventType: "T", raw: "[1]" }]);
	}
	const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`key${at}`, at]));
	await post(servers, "huge-1", [
		{ eventType: "Long", raw: JSON.stringify({ text: "x".repeat(4_000_000) }) },
		{ eventType: "Wide", raw: JSON.stringify(wide) },
		{ eventType: "Deep", raw: `${"[".repeat(400)}1${"]".repeat(400)}` },
	]);
	await servers.ask({
		path: "/streams/binary-1",
		headers: {
			"Content-Type": "application/octet-stream",
			"ES-EventType": "Bytes",
			"ES-EventId": randomUUID(),
		},
		body: Uint8Array.from({ length: 5000 }, (_, at) => at),
	});
	await post(servers, "gone-1", [{ eventType: "T", raw: "{}" }]);
	await servers.ask({ method: "DELETE", path: "/streams/gone-1" });
}

export type Given = {
	readonly eventType: string;
	/** The data as JSON. */
	readonly raw: string;
	readonly id?: string;
	readonly metadata?: object;
};

export async function post(
	servers: Servers,
	stream: string,
	events: readonly Given[],
): Promise<void> {
	const texts = events.map(
		({ eventType, raw, id = randomUUID(), metadata = {} }) =>
			`{"eventId":"${id}","eventType":${JSON.stringify(eventType)},"data":${raw},"metadata":${JSON.stringify(metadata)}}`,
	);
	const path = `/streams/${encodeURIComponent(stream)}`;
	const headers = { "Content-Type": EVENTS_JSON };
	const reply = await servers.ask({ path, headers, body: `[${texts.join(",")}]` });
	expect(reply.status).toBe(201);
}

async function placeOrder(servers: Servers, order: number): Promise<void> {
	const placed = randomUUID();
	const metadata = { $correlationId: `checkout-${order}` };
	const of = `order-${order}`;
	const by = { ...metadata, $causationId: placed };
	await post(servers, of, [
		{ eventType: "OrderPlaced", raw: `{"total":${order}.10,"lines":[1,2]}`, id: placed, metadata },
		{ eventType: "StatusChanged", raw: '{"status":"paid","by":"card"}', metadata: by },
		{ eventType: "StatusChanged", raw: '{"status":"shipped","parcels":2}', metadata: by },
	]);
	await post(servers, `mail-${order}`, [{ eventType: "MailQueued", raw: "{}", metadata: by }]);
}
