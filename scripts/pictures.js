// Takes the pictures of docs/admin-ui.md: starts a server in a directory of its own, plays a day in
// a shop, and lets an installed Chromium show the pages. Nothing of the store is kept.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(fileURLToPath(import.meta.url), "../..");
const pictures = join(root, "docs/pictures");
const browserPath = process.env.VARVE_TEST_CHROMIUM ?? "/usr/bin/chromium";
const PAGES = [
	["overview", "/", "light"],
	["operations", "/admin", "light"],
	["streams", "/streams", "light"],
	["stream", "/streams/stock-GDN-1?open=40", "light"],
	["event", "/streams/order-2030/4", "dark"],
];

// Chromium fetches nothing of its own.
const args = [
	"--no-sandbox",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

const PAUSE_MS = 4000;

const directory = mkdtempSync(join(tmpdir(), "varve-pictures-"));
// Insecure: whoever looks sees all pages, and starts the verification.
const command = ["serve", "--port", "0", "--data", join(directory, "data"), "--insecure"];
const server = spawn(process.execPath, [join(root, "bin/varve"), ...command]);
try {
	const url = await urlOf(server);
	// Over some minutes, so that the charts have something to show.
	for (let order = 2001; order <= 2030; order++) {
		await sell(url, order);
		await read(url, order);
		await sleep(PAUSE_MS * (1 + Math.sin(order)));
	}
	await careFor(url);
	await take(url);
} finally {
	server.kill("SIGTERM");
	await once(server, "exit");
	rmSync(directory, { recursive: true, force: true });
}

async function urlOf({ stdout }) {
	let text = "";
	for await (const chunk of stdout) {
		text += chunk;
		const found = /listens on (\S+)/.exec(text);
		if (found) return found[1];
	}
	throw new Error("the server did not start");
}

/** Programs read what was sold. */
async function read(url, order) {
	for (let times = 0; times < 20; times++) {
		const answer = await fetch(`${url}/streams/order-${order}/0/forward/20`);
		await answer.text();
	}
}

/** A backup and a verification, for Operations to show. */
async function careFor(url) {
	const target = join(directory, "backup");
	const backup = ["backup", target, "--data", join(directory, "data")];
	const [code] = await once(spawn(process.execPath, [join(root, "bin/varve"), ...backup]), "exit");
	if (code !== 0) throw new Error("the backup failed");
	const begun = await fetch(`${url}/admin/verification?throttlePercent=100`, { method: "POST" });
	if (!begun.ok) throw new Error(await begun.text());
	for (;;) {
		const answer = await fetch(`${url}/admin/verification`);
		if ((await answer.json()).running === null) return;
		await sleep(100);
	}
}

async function take(url) {
	mkdirSync(pictures, { recursive: true });
	const browser = await chromium.launch({ executablePath: browserPath, args });
	try {
		for (const [name, path, colorScheme] of PAGES) {
			const viewport = { width: 1400, height: 900 };
			const page = await browser.newPage({ colorScheme, viewport });
			await page.goto(url + path);
			if (name === "overview") await page.getByText("Live", { exact: true }).first().waitFor();
			if (name === "event") await page.locator("#proof-state.ok").waitFor();
			await page.screenshot({ path: join(pictures, `${name}.png`) });
			await page.close();
		}
	} finally {
		await browser.close();
	}
}

/** One order, from the cart to the parcel: each event names what caused it. */
async function sell(url, order) {
	const story = { url, order, cause: undefined };
	await tell(story, `cart-${order}`, "CartOpened", { customer: `cus-${order % 7}` });
	await tell(story, `cart-${order}`, "ItemAdded", { sku: "SKU-2207", quantity: 1, price: 24.9 });
	await tell(story, `cart-${order}`, "CartCheckedOut", { total: 24.9 });
	await tell(story, `order-${order}`, "OrderPlaced", { total: 24.9, status: "placed" });
	const { cause } = story;
	await tell(story, `mail-${order}`, "MailQueued", { template: "order-placed" });
	story.cause = cause;
	await tell(story, `payment-${order}`, "PaymentCaptured", { amount: 24.9, method: "card" });
	await tell(story, `order-${order}`, "OrderPaid", { by: "card", amount: 24.9 });
	await tell(story, "stock-GDN-1", "StockReserved", {
		order: `order-${order}`,
		onHand: 90 - (order % 40),
	});
	const status = { status: "packed", parcels: 1, warehouse: "GDN-1" };
	await tell(story, `order-${order}`, "StatusChanged", { ...status, status: "packing" });
	await tell(story, `order-${order}`, "StatusChanged", status);
	await tell(story, `order-${order}`, "StatusChanged", {
		status: "shipped",
		parcels: 1,
		carrier: "Post",
	});
	await tell(story, "stock-GDN-1", "StockShipped", { order: `order-${order}`, quantity: 1 });
}

async function tell(story, stream, eventType, data) {
	const { url, order, cause } = story;
	const eventId = idOf(`${order} ${stream} ${eventType} ${JSON.stringify(data)}`);
	const metadata = { $correlationId: `checkout-${order}`, ...(cause && { $causationId: cause }) };
	const answer = await fetch(`${url}/streams/${stream}`, {
		method: "POST",
		headers: { "Content-Type": "application/vnd.eventstore.events+json" },
		body: JSON.stringify([{ eventId, eventType, data, metadata }]),
	});
	if (answer.status !== 201) throw new Error(await answer.text());
	story.cause = eventId;
}

/** The same pictures have the same ids. */
function idOf(text) {
	const hex = createHash("sha256").update(text).digest("hex");
	return [
		hex.slice(0, 8),
		hex.slice(8, 12),
		hex.slice(12, 16),
		hex.slice(16, 20),
		hex.slice(20, 32),
	].join("-");
}
