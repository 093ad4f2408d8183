/**
 * Follows one stream: over the connection that all pages of the browser share, or, where there are
 * no shared workers, over one of its own. Nobody looks at a hidden page, so it follows nothing.
 */
import { ChangeSource, type Listener } from "./source.js";
import type { Told, Wanted } from "./worker.js";

const AGAIN_MS = 30_000;
/** The head of a request has a limit; a longer name has a connection of its own. */
const SHARED_NAME_MAX = 300;

/** @param url of `/log/changes` */
export function follow(url: string, stream: string, listener: Listener): void {
	const want = wanting(url, stream, listener);
	const say = () => want(!document.hidden);
	document.addEventListener("visibilitychange", say);
	addEventListener("pagehide", () => want(false));
	addEventListener("pageshow", say);
	setInterval(say, AGAIN_MS);
	say();
}

function wanting(url: string, stream: string, listener: Listener): (is: boolean) => void {
	if (typeof SharedWorker !== "function" || stream.length > SHARED_NAME_MAX) {
		const source = new ChangeSource(url, listener);
		return (is) => source.want(new Set(is ? [stream] : []));
	}
	const worker = new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module" });
	worker.port.onmessage = ({ data }: MessageEvent<Told>) => {
		if ("connected" in data) listener.connected(data.connected);
		else if (data.change.stream === stream) listener.changed(data.change);
	};
	return (is) => {
		worker.port.postMessage({ url, streams: is ? [stream] : [] } satisfies Wanted);
	};
}
