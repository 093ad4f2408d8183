/**
 * A worker that all pages of a browser share: it holds the one connection for all of them. A
 * browser opens no more than six to a server over HTTP/1.1, and pages that hold one each would soon
 * leave none to load anything with.
 */
import { type Change, ChangeSource } from "./source.js";

/** A page sends the streams that it shows, again now and then; a hidden page sends none. */
export type Wanted = { readonly url: string; readonly streams: readonly string[] };
/** The worker sends this to a page. */
export type Told = { readonly change: Change } | { readonly connected: boolean };

/** The worker forgets a page that sends nothing for so long: it was closed without a word. */
const SILENT_MS = 100_000;

type Page = { readonly port: MessagePort; streams: readonly string[]; heardMs: number };

const pages = new Set<Page>();
let source: ChangeSource | undefined;

addEventListener("connect", (event) => {
	const [port] = (event as MessageEvent).ports;
	if (!port) return;
	const page: Page = { port, streams: [], heardMs: Date.now() };
	pages.add(page);
	port.onmessage = ({ data }) => take(page, data as Wanted);
});

function take(page: Page, { url, streams }: Wanted): void {
	const isNew = streams.join("\n") !== page.streams.join("\n");
	page.streams = streams;
	page.heardMs = Date.now();
	source ??= new ChangeSource(url, {
		changed: tell,
		connected: (is) => tellAll({ connected: is }),
	});
	for (const other of pages) if (Date.now() - other.heardMs > SILENT_MS) pages.delete(other);
	pages.add(page);
	source.want(new Set([...pages].flatMap((one) => one.streams)));
	if (!isNew) return;
	// Another page follows the same stream already.
	if (source.isConnected) page.port.postMessage({ connected: true } satisfies Told);
	for (const stream of streams) {
		const last = source.last(stream);
		if (last !== undefined) page.port.postMessage({ change: { stream, last } } satisfies Told);
	}
}

function tell(change: Change): void {
	for (const { port, streams } of pages) {
		if (streams.includes(change.stream)) port.postMessage({ change } satisfies Told);
	}
}

function tellAll(told: Told): void {
	for (const { port, streams } of pages) if (streams.length > 0) port.postMessage(told);
}
