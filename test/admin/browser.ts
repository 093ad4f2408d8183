/**
 * A real browser for the tests of the admin UI, and a store with what a screen has to bear. Without
 * an installed Chromium the tests are skipped, and say so.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
	type Browser,
	type BrowserContext,
	type BrowserContextOptions,
	chromium,
	type Page,
} from "playwright-core";
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

/** @param more arguments of Chromium */
export function launch(...more: readonly string[]): Promise<Browser> {
	return chromium.launch({ executablePath: CHROMIUM, args: [...ARGUMENTS, ...more] });
}

/** A page that notes all that must not happen on it. */
export type Watched = { readonly page: Page; readonly faults: string[] };

/** @param base the only origin that the page may ask */
export async function open(context: BrowserContext, base: string, path: string): Promise<Watched> {
	const watched = watch(await context.newPage(), base);
	await watched.page.goto(base + path);
	return watched;
}

function watch(page: Page, base: string): Watched {
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
	return { page, faults };
}

const WIDE = { width: 1400, height: 900 } as const;

/**
 * The browser of a suite. Its tests share one page, since each new one costs a second of work;
 * those that need a browser of their own (without the script, with nothing kept) have a fresh one.
 */
export class SharedBrowser {
	readonly #base: () => string;
	#browser: Browser | undefined;
	#tab: Promise<Watched> | undefined;
	readonly #ending: (BrowserContext | Page)[] = [];

	/** @param base the origin of the server, once it runs */
	constructor(base: () => string) {
		this.#base = base;
	}

	async start(): Promise<void> {
		this.#browser = await launch();
	}

	/** The shared page at a path: wide, light, and without the faults of the tests before. */
	async tab(path: string): Promise<Watched> {
		const watched = await this.#shared();
		const { page, faults } = watched;
		await page.unrouteAll({ behavior: "ignoreErrors" });
		await page.setViewportSize(WIDE);
		await page.emulateMedia({ colorScheme: "light" });
		faults.length = 0;
		await page.goto(this.#base() + path);
		return watched;
	}

	/** Another page beside the shared one; it ends with the test. */
	async another(path: string): Promise<Watched> {
		const { page } = await this.#shared();
		const watched = await open(page.context(), this.#base(), path);
		this.#ending.push(watched.page);
		return watched;
	}

	/**
	 * A page of a browser that knows nothing yet; it ends with the test.
	 * @param path or the URL of a page of another server
	 */
	async fresh(path: string, options: BrowserContextOptions = {}): Promise<Watched> {
		const context = await this.#context({ viewport: WIDE, ...options });
		this.#ending.push(context);
		const { origin, href } = new URL(path, this.#base());
		return open(context, origin, href.slice(origin.length));
	}

	async endTest(): Promise<void> {
		await Promise.all(this.#ending.splice(0).map((one) => one.close()));
	}

	close(): Promise<void> | undefined {
		return this.#browser?.close();
	}

	#shared(): Promise<Watched> {
		this.#tab ??= this.#context({ viewport: WIDE }).then(async (context) =>
			watch(await context.newPage(), this.#base()),
		);
		return this.#tab;
	}

	#context(options: BrowserContextOptions): Promise<BrowserContext> {
		if (!this.#browser) throw new Error("the browser has not been started");
		return this.#browser.newContext(options);
	}
}

/** A suite of tests in one browser. */
export function inBrowser(
	name: string,
	base: () => string,
	body: (browser: SharedBrowser) => void,
): void {
	describeInBrowser(name, () => {
		const browser = new SharedBrowser(base);
		beforeAll(() => browser.start());
		afterEach(() => browser.endTest());
		afterAll(() => browser.close());
		body(browser);
	});
}

/** Whether a page is wider than its window. */
export function isTooWide(page: Page): Promise<boolean> {
	return page.evaluate("document.documentElement.scrollWidth > innerWidth");
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

/** What a screen reader is told of an element and of what is in it: role and name, in order. */
export async function heard(page: Page, selector: string): Promise<string[]> {
	const session = await page.context().newCDPSession(page);
	const { root } = await session.send("DOM.getDocument");
	const { nodeId } = await session.send("DOM.querySelector", { nodeId: root.nodeId, selector });
	const { nodes } = await session.send("Accessibility.queryAXTree", { nodeId });
	await session.detach();
	return nodes
		.filter(({ ignored }) => !ignored)
		.map(({ role, name }) => `${role?.value} ${name?.value ?? ""}`.trim());
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
